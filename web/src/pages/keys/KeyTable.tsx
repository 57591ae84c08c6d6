import { ActionIcon, Menu, Table, Text } from "@mantine/core";
import { IconCopyPlus, IconDots, IconTrash } from "@tabler/icons-react";
import { useSession } from "../../api/session";
import type { Key } from "../../api/types";
import { DASH, moment } from "../../format";
import { Ago } from "../../look/Ago";
import { Tag, type Tone } from "../../look/Tag";
import classes from "./keys.module.css";

const STATES: Record<string, [label: string, tone: Tone]> = {
  active: ["Active", "good"],
  expired: ["Expired", "warn"],
  revoked: ["Revoked", "quiet"],
};

interface Props {
  keys: readonly Key[];
  /** Whether each key's source is said; not where all are of one. */
  hasSources?: boolean;
  onAnother: (key: Key) => void;
  onRevoke: (key: Key) => void;
}

/** Keys as a table: what each may do, until when, and what can be done with it. */
export function KeyTable({ keys, hasSources = false, onAnother, onRevoke }: Props) {
  return (
    <Table.ScrollContainer minWidth={hasSources ? 860 : 700} type="native">
      <Table className={classes.table}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Name</Table.Th>
            {hasSources && <Table.Th>Source</Table.Th>}
            <Table.Th>May</Table.Th>
            <Table.Th>State</Table.Th>
            <Table.Th>Made</Table.Th>
            <Table.Th>Expires</Table.Th>
            <Table.Th>
              <span className="only-read-aloud">Actions</span>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {keys.map((key) => (
            <KeyRow
              key={key.key_id}
              shown={key}
              hasSource={hasSources}
              onAnother={() => onAnother(key)}
              onRevoke={() => onRevoke(key)}
            />
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

interface RowProps {
  shown: Key;
  hasSource: boolean;
  onAnother: () => void;
  onRevoke: () => void;
}

function KeyRow({ shown, hasSource, onAnother, onRevoke }: RowProps) {
  const { workspace } = useSession();
  const [state, tone] = STATES[shown.state] ?? [shown.state, "quiet"];
  return (
    <Table.Tr>
      <Table.Td>
        <Text size="sm" fw={600}>
          {shown.name}
        </Text>
        <Text size="xs" c="dimmed" ff="monospace">
          {shown.key_id}
        </Text>
      </Table.Td>
      {hasSource && <Table.Td>{shown.source ?? DASH}</Table.Td>}
      <Table.Td>
        <div className={classes.scopes}>
          {shown.scopes.map((scope) => (
            <code key={scope}>{scope}</code>
          ))}
        </div>
        {shown.ip_ranges.length > 0 && (
          <Text size="xs" c="dimmed" mt={4}>
            Only from {shown.ip_ranges.join(", ")}
          </Text>
        )}
      </Table.Td>
      <Table.Td>
        <Tag tone={tone}>{state}</Tag>
      </Table.Td>
      <Table.Td>
        <Ago at={shown.created_at} />
      </Table.Td>
      <Table.Td>
        {shown.expires_at ? moment(shown.expires_at, workspace.time_zone) : "Never"}
      </Table.Td>
      <Table.Td className={classes.actions}>
        <KeyMenu shown={shown} onAnother={onAnother} onRevoke={onRevoke} />
      </Table.Td>
    </Table.Tr>
  );
}

function KeyMenu({ shown, onAnother, onRevoke }: Omit<RowProps, "hasSource">) {
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <ActionIcon
          variant="subtle"
          color="gray"
          c="inherit"
          aria-label={`Actions of ${shown.name}`}
        >
          <IconDots size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconCopyPlus size={16} />} onClick={onAnother}>
          Make another like it
        </Menu.Item>
        {shown.state === "active" && (
          <Menu.Item c="var(--ps-bad)" leftSection={<IconTrash size={16} />} onClick={onRevoke}>
            Revoke
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
