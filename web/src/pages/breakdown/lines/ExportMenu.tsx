import { ActionIcon, Menu } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { count } from "../../../format";
import { fileName } from "../../../look/csv";
import { audience, type Group, type Status } from "../audience";

export interface Audience {
  status: Status;
  /** Which customers, in words. */
  name: string;
  count: number;
}

interface Props {
  promotionId: string;
  /** What the row is called. */
  name: string;
  group?: Group;
  audiences: Audience[];
}

/** Exports the customers behind one row, for the next campaign. */
export function ExportMenu({ promotionId, name, group, audiences }: Props) {
  const some = audiences.filter((one) => one.count > 0);
  if (some.length === 0) return null;
  return (
    <Menu position="bottom-end" width={230} withinPortal>
      <Menu.Target>
        <ActionIcon
          variant="subtle"
          color="gray"
          c="dimmed"
          aria-label={`Export customers: ${name}`}
        >
          <IconDownload size={16} stroke={1.7} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label c="dimmed">Export customers of {name}</Menu.Label>
        {some.map((one) => (
          <Menu.Item
            key={one.status}
            component="a"
            href={audience(promotionId, one.status, group)}
            download={fileName(promotionId, group?.by, group?.key ?? "none", one.status)}
            rightSection={<span className="figure">{count(one.count)}</span>}
          >
            {one.name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
