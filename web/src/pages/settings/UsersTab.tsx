import { Button, Group, Skeleton } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { useMay } from "../../api/session";
import type { User } from "../../api/types";
import { asking } from "../../look/asking";
import { Confirm } from "../../look/Confirm";
import { CsvLink } from "../../look/CsvLink";
import { Failure } from "../../look/Failure";
import { Section } from "../../look/Section";
import { ClosedTab } from "./ClosedTab";
import { AddUser, ChangeRole, Dialog, SetPassword } from "./UserForm";
import { UserTable } from "./UserTable";
import { useRemoveUser, useUsers } from "./users";

type Asked = { what: "add" } | { what: "role" | "password" | "remove"; user: User };

/** The people of the workspace and their roles. Administrators only. */
export function UsersTab() {
  const mayManage = useMay("admin");
  const { data, error, refetch } = useUsers(mayManage);
  const [asked, setAsked] = useState<Asked>();
  const close = () => setAsked(undefined);
  if (!mayManage)
    return (
      <ClosedTab
        title="Administrators manage the users"
        why="Your role may not see who else is in this workspace. Your own account is under My account."
      />
    );
  return (
    <Section
      title="Users"
      about="The people who may sign in, and what each may do."
      isFlush
      aside={
        <Group gap="xs">
          <CsvLink path="/v1/users" of="users" />
          <Button
            size="xs"
            leftSection={<IconPlus size={14} />}
            onClick={() => setAsked({ what: "add" })}
          >
            Add a user
          </Button>
        </Group>
      }
    >
      {error && <Failure error={error} again={refetch} />}
      {!data && !error && <Skeleton height={160} m="md" />}
      {data && <UserTable users={data} onAsk={(what, user) => setAsked({ what, user })} />}
      <Dialogs asked={asked} close={close} />
    </Section>
  );
}

function Dialogs({ asked, close }: { asked: Asked | undefined; close: () => void }) {
  const user = asked && asked.what !== "add" ? asked.user : undefined;
  return (
    <>
      <Dialog title="Add a user" isOpen={asked?.what === "add"} close={close}>
        <AddUser close={close} />
      </Dialog>
      <Dialog title={`Role of ${user?.name}`} isOpen={asked?.what === "role"} close={close}>
        {user && <ChangeRole user={user} close={close} />}
      </Dialog>
      <Dialog title={`Password of ${user?.name}`} isOpen={asked?.what === "password"} close={close}>
        {user && <SetPassword user={user} close={close} />}
      </Dialog>
      <Removal user={asked?.what === "remove" ? user : undefined} close={close} />
    </>
  );
}

function Removal({ user, close }: { user: User | undefined; close: () => void }) {
  const removing = useRemoveUser();
  const { shown, done } = asking(removing, close, `${user?.name} is removed.`);
  return (
    <Confirm
      isOpen={user !== undefined}
      {...shown}
      title="Remove this user?"
      doing="Remove the user"
      isDangerous
      onConfirm={() => user && removing.mutate(user.email, { onSuccess: done })}
    >
      <strong>{user?.name}</strong> ({user?.email}) is signed out everywhere and can sign in no
      more. What they made stays: promotions, files, keys.
    </Confirm>
  );
}
