import { Menu } from "@mantine/core";
import { IconDots } from "@tabler/icons-react";
import { memo, useRef, useState } from "react";
import type { Promotion } from "../../api/types";
import { ConfirmArchive } from "./ConfirmArchive";
import classes from "./promotions.module.css";
import { RowActions } from "./RowActions";

/** The button at the end of a row. Its menu is made when it is opened: a table has a hundred of these. */
export const RowMenu = memo(function RowMenu({ promotion }: { promotion: Promotion }) {
  const [isOpen, setOpen] = useState(false);
  const [isArchiving, setArchiving] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  // What was opened from here gives the focus back; a drawer that follows takes it from the button.
  const closeMenu = () => {
    setOpen(false);
    button.current?.focus();
  };
  const closeQuestion = () => {
    setArchiving(false);
    requestAnimationFrame(() => button.current?.focus());
  };
  return (
    <span className={classes.menuPlace}>
      <button
        ref={button}
        type="button"
        className={classes.menuButton}
        aria-label={`Actions for ${promotion.name}`}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        <IconDots size={18} aria-hidden />
      </button>
      {isOpen && (
        <Menu opened onClose={closeMenu} position="bottom-end" width={210}>
          <Menu.Target>
            <span className={classes.menuAnchor} aria-hidden />
          </Menu.Target>
          <Menu.Dropdown aria-label={`Actions for ${promotion.name}`}>
            <RowActions promotion={promotion} onArchive={() => setArchiving(true)} />
          </Menu.Dropdown>
        </Menu>
      )}
      {isArchiving && <ConfirmArchive promotion={promotion} onClose={closeQuestion} />}
    </span>
  );
});
