import { ActionIcon, Menu, Table, Text } from "@mantine/core";
import { IconDots, IconKey, IconTrash, IconUserCog } from "@tabler/icons-react";
import { useSession } from "../../api/session";
import type { User } from "../../api/types";
import { date } from "../../format";
import { Ago } from "../../look/Ago";
import { Tag } from "../../look/Tag";
import classes from "../keys/keys.module.css";
import { roleOf } from "./roles";

type What = "role" | "password" | "remove";

interface Props {
  users: readonly User[];
  onAsk: (what: What, user: User) => void;
}

/** The users as a table. */
export function UserTable({ users, onAsk }: Props) {
  return (
    <Table.ScrollContainer minWidth={640} type="native">
      <Table className={classes.table}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Name</Table.Th>
            <Table.Th>Role</Table.Th>
            <Table.Th>Last seen</Table.Th>
            <Table.Th>Added</Table.Th>
            <Table.Th>
              <span className="only-read-aloud">Actions</span>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {users.map((user) => (
            <UserRow key={user.email} user={user} onAsk={(what) => onAsk(what, user)} />
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function UserRow({ user, onAsk }: { user: User; onAsk: (what: What) => void }) {
  const session = useSession();
  const isSelf = session.user.email === user.email;
  return (
    <Table.Tr>
      <Table.Td>
        <Text size="sm" fw={600}>
          {user.name}
          {isSelf && " (you)"}
        </Text>
        <Text size="xs" c="dimmed">
          {user.email}
        </Text>
      </Table.Td>
      <Table.Td>
        <Tag tone={user.role === "admin" ? "accent" : "quiet"}>{roleOf(user.role).label}</Tag>
      </Table.Td>
      <Table.Td>{user.last_seen_at ? <Ago at={user.last_seen_at} /> : "Not yet"}</Table.Td>
      <Table.Td>{date(user.created_at, session.workspace.time_zone)}</Table.Td>
      <Table.Td className={classes.actions}>
        <UserMenu name={user.name} onAsk={onAsk} />
      </Table.Td>
    </Table.Tr>
  );
}

function UserMenu({ name, onAsk }: { name: string; onAsk: (what: What) => void }) {
  return (
    <Menu position="bottom-end" width={200}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" c="inherit" aria-label={`Actions of ${name}`}>
          <IconDots size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconUserCog size={16} />} onClick={() => onAsk("role")}>
          Change the role
        </Menu.Item>
        <Menu.Item leftSection={<IconKey size={16} />} onClick={() => onAsk("password")}>
          Set a password
        </Menu.Item>
        <Menu.Item
          c="var(--ps-bad)"
          leftSection={<IconTrash size={16} />}
          onClick={() => onAsk("remove")}
        >
          Remove
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
