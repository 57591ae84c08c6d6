import { Button, Stack, Text } from "@mantine/core";
import { useForm } from "@mantine/form";
import { IconCheck, IconLogout, IconX } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { api } from "../../api/client";
import { useMay, useSession, useSigning } from "../../api/session";
import { FormFailure, fieldErrors } from "../../look/FormFailure";
import { Section } from "../../look/Section";
import { tell } from "../../look/tell";
import { ABILITIES, roleOf } from "./roles";
import classes from "./settings.module.css";
import { NewPassword } from "./UserForm";
import { SHORTEST_PASSWORD } from "./users";

/** Who one is, what one may do, and one's own password. */
export function AccountTab() {
  const { user } = useSession();
  const { signOut } = useSigning();
  return (
    <Stack gap="md">
      <Section
        title={user.name}
        about={user.email}
        aside={
          <Button
            size="xs"
            variant="default"
            leftSection={<IconLogout size={14} />}
            onClick={signOut}
          >
            Sign out
          </Button>
        }
      >
        <Text size="sm" fw={600} mb={6}>
          {roleOf(user.role).label}
        </Text>
        <ul className={classes.abilities}>
          {ABILITIES.map((one) => (
            <Ability key={one.scope} {...one} />
          ))}
        </ul>
      </Section>
      <Section title="Password" about="Changing it signs you out everywhere else.">
        <OwnPassword />
      </Section>
    </Stack>
  );
}

function Ability({ scope, about }: { scope: string; about: string }) {
  const may = useMay(scope);
  const Mark = may ? IconCheck : IconX;
  return (
    <li data-may={may}>
      <Mark size={16} aria-hidden />
      <span>
        <span className="only-read-aloud">{may ? "You may: " : "You may not: "}</span>
        {about}
      </span>
    </li>
  );
}

interface Passwords {
  current: string;
  new: string;
}

function OwnPassword() {
  const form = useForm<Passwords>({ initialValues: { current: "", new: "" } });
  const changing = useMutation({
    gcTime: 0,
    mutationFn: (body: Passwords) => api("/v1/session/password", { method: "POST", body }),
    onSuccess: () => {
      tell("Your password is changed.");
      form.reset();
    },
    onError: (error) => form.setErrors(fieldErrors(error)),
  });
  return (
    <form onSubmit={form.onSubmit((values) => changing.mutate(values))}>
      <Stack gap="sm" maw={360}>
        <NewPassword
          label="Current password"
          minLength={undefined}
          autoComplete="current-password"
          {...form.getInputProps("current")}
        />
        <NewPassword
          label="New password"
          description={`At least ${SHORTEST_PASSWORD} characters.`}
          {...form.getInputProps("new")}
        />
        <FormFailure error={changing.error} shown={["current", "new"]} />
        <Button type="submit" loading={changing.isPending} style={{ alignSelf: "flex-start" }}>
          Change the password
        </Button>
      </Stack>
    </form>
  );
}
