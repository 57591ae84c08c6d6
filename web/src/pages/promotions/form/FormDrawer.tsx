import { Drawer } from "@mantine/core";
import { type ReactNode, useEffect } from "react";
import classes from "./form.module.css";

interface Props {
  title: string;
  onClose: () => void;
  children: ReactNode;
}

/** The sheet that the form lies on, over the grid. When it goes, the focus returns to where it was. */
export function FormDrawer({ title, onClose, children }: Props) {
  useFocusBack();
  return (
    <Drawer
      opened
      onClose={onClose}
      position="right"
      size={680}
      title={title}
      classNames={{
        header: classes.header,
        title: classes.title,
        body: classes.body,
        content: classes.sheet,
      }}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      {children}
    </Drawer>
  );
}

function useFocusBack(): void {
  useEffect(() => {
    const before = document.activeElement;
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
}
