import { Popover } from "@mantine/core";
import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from "react";
import classes from "./look.module.css";

interface Props {
  /** What is pointed at; must be focusable so that the keyboard reaches it. */
  children: ReactNode;
  /** Made only when it is looked at: a table has hundreds of these. */
  more: () => ReactNode;
  width?: number;
}

const OPEN_MS = 120;
/** Long enough for the pointer to cross over to what is shown. */
const CLOSE_MS = 120;

/**
 * More about what is pointed at or focused. Costs nothing until then, and leaves what is pointed at
 * in its place in the document, so that it keeps the focus.
 */
export function Hover({ children, more, width = 280 }: Props) {
  const [isShown, setShown] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const soon = (shown: boolean) => () => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setShown(shown), shown ? OPEN_MS : CLOSE_MS);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape" && isShown) {
      event.stopPropagation();
      setShown(false);
    }
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it only notices that its child is looked at
    <span
      className={classes.hover}
      onMouseEnter={soon(true)}
      onMouseLeave={soon(false)}
      onFocus={soon(true)}
      onBlur={soon(false)}
      onKeyDown={onKeyDown}
    >
      {children}
      {isShown && (
        <Popover opened width={width} shadow="md" withArrow withinPortal withRoles={false}>
          <Popover.Target>
            <span className={classes.hoverAnchor} aria-hidden />
          </Popover.Target>
          <Popover.Dropdown p="sm">{more()}</Popover.Dropdown>
        </Popover>
      )}
    </span>
  );
}
