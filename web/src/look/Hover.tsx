import { HoverCard } from "@mantine/core";
import { type ReactElement, type ReactNode, useState } from "react";

interface Props {
  /** What is pointed at; must be focusable so that the keyboard reaches it, and take a ref. */
  children: ReactElement;
  /** Made only when it is looked at: a table has hundreds of these. */
  more: () => ReactNode;
  width?: number;
}

/** More about what is pointed at or focused. Costs nothing until then. */
export function Hover({ children, more, width = 280 }: Props) {
  const [isWanted, setWanted] = useState(false);
  if (!isWanted)
    return (
      // biome-ignore lint/a11y/noStaticElementInteractions: it only notices that its child is looked at
      <span
        style={{ display: "contents" }}
        onMouseEnter={() => setWanted(true)}
        onFocus={() => setWanted(true)}
      >
        {children}
      </span>
    );
  return (
    <HoverCard width={width} shadow="md" withArrow openDelay={120} defaultOpened withinPortal>
      <HoverCard.Target>{children}</HoverCard.Target>
      <HoverCard.Dropdown p="sm">{more()}</HoverCard.Dropdown>
    </HoverCard>
  );
}
