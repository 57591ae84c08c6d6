import { ActionIcon, Menu } from "@mantine/core";
import { IconBook, IconLogout, IconSettings, IconUser } from "@tabler/icons-react";
import { Link } from "react-router";
import { useSession, useSigning } from "../api/session";

/** Who is signed in, and the way out. */
export function AccountMenu() {
  const { user } = useSession();
  const { signOut } = useSigning();
  return (
    <Menu position="bottom-end" width={240}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" c="inherit" size="lg" aria-label="Account">
          <IconUser size={18} stroke={1.7} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label c="dimmed">
          {user.email}, {user.role}
        </Menu.Label>
        <Menu.Item component={Link} to="/settings" leftSection={<IconSettings size={16} />}>
          Settings
        </Menu.Item>
        <Menu.Item component="a" href="/docs" leftSection={<IconBook size={16} />}>
          API reference
        </Menu.Item>
        <Menu.Item onClick={signOut} leftSection={<IconLogout size={16} />}>
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
