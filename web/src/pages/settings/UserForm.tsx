import { Button, Group, Modal, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import type { ReactNode } from "react";
import type { User } from "../../api/types";
import { FormFailure, fieldErrors } from "../../look/FormFailure";
import { tell } from "../../look/tell";
import { RoleChoice } from "./RoleChoice";
import { SHORTEST_PASSWORD, useAddUser, useChangeUser, type WantedUser } from "./users";

interface DialogProps {
  title: string;
  isOpen: boolean;
  close: () => void;
  children: ReactNode;
}

/** A dialog with a form in it. */
export function Dialog({ title, isOpen, close, children }: DialogProps) {
  return (
    <Modal opened={isOpen} onClose={close} title={title}>
      {children}
    </Modal>
  );
}

/** Adds a person to the workspace. */
export function AddUser({ close }: { close: () => void }) {
  const form = useForm<WantedUser>({
    initialValues: { email: "", name: "", role: "marketer", password: "" },
  });
  const adding = useAddUser();
  const submit = (values: WantedUser) =>
    adding.mutate(values, {
      onSuccess: (user) => {
        tell(`${user.name} can sign in as ${user.email}.`);
        close();
      },
      onError: (error) => form.setErrors(fieldErrors(error)),
    });
  return (
    <form onSubmit={form.onSubmit(submit)}>
      <Stack gap="md">
        <TextInput
          label="Email"
          type="email"
          required
          data-autofocus
          autoComplete="off"
          {...form.getInputProps("email")}
        />
        <TextInput label="Name" autoComplete="off" {...form.getInputProps("name")} />
        <RoleChoice
          value={form.values.role}
          onChange={(role) => form.setFieldValue("role", role)}
        />
        <NewPassword
          label="First password"
          description={`At least ${SHORTEST_PASSWORD} characters. Tell it to them; they can change it under My account.`}
          {...form.getInputProps("password")}
        />
        <FormFailure error={adding.error} shown={["email", "name", "password"]} />
        <Buttons close={close} doing="Add the user" isBusy={adding.isPending} />
      </Stack>
    </form>
  );
}

/** Gives a user another role. */
export function ChangeRole({ user, close }: { user: User; close: () => void }) {
  const form = useForm({ initialValues: { role: user.role } });
  const changing = useChangeUser(user.email);
  const done = () => {
    tell(`${user.name} has another role and signs in again.`);
    close();
  };
  return (
    <form onSubmit={form.onSubmit((values) => changing.mutate(values, { onSuccess: done }))}>
      <Stack gap="md">
        <RoleChoice
          value={form.values.role}
          onChange={(role) => form.setFieldValue("role", role)}
        />
        <Text size="sm" c="dimmed">
          {user.name} is signed out everywhere and signs in again with the new role.
        </Text>
        <FormFailure error={changing.error} />
        <Buttons
          close={close}
          doing="Change the role"
          isBusy={changing.isPending}
          isOff={form.values.role === user.role}
        />
      </Stack>
    </form>
  );
}

/** Sets another user's password, who has forgotten theirs. */
export function SetPassword({ user, close }: { user: User; close: () => void }) {
  const form = useForm({ initialValues: { password: "" } });
  const changing = useChangeUser(user.email);
  const done = () => {
    tell(`${user.name} has a new password and signs in again.`);
    close();
  };
  return (
    <form
      onSubmit={form.onSubmit((values) =>
        changing.mutate(values, {
          onSuccess: done,
          onError: (error) => form.setErrors(fieldErrors(error)),
        }),
      )}
    >
      <Stack gap="md">
        <NewPassword
          label="New password"
          description={`At least ${SHORTEST_PASSWORD} characters. ${user.name} is signed out everywhere.`}
          {...form.getInputProps("password")}
        />
        <FormFailure error={changing.error} shown={["password"]} />
        <Buttons close={close} doing="Set the password" isBusy={changing.isPending} />
      </Stack>
    </form>
  );
}

/** A password to be set. */
export function NewPassword(props: React.ComponentProps<typeof PasswordInput>) {
  return (
    <PasswordInput required minLength={SHORTEST_PASSWORD} autoComplete="new-password" {...props} />
  );
}

interface ButtonsProps {
  close: () => void;
  doing: string;
  isBusy: boolean;
  isOff?: boolean;
}

function Buttons({ close, doing, isBusy, isOff }: ButtonsProps) {
  return (
    <Group justify="flex-end" gap="xs">
      <Button variant="default" onClick={close}>
        Cancel
      </Button>
      <Button type="submit" loading={isBusy} disabled={isOff}>
        {doing}
      </Button>
    </Group>
  );
}
