import { Alert, Button, Code, PasswordInput, Stack, Text, TextInput, Title } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useSigning } from "../api/session";
import { sentence } from "../format";
import classes from "./Shell.module.css";

/** The door for people: email and password. */
export function SignIn() {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const { signIn } = useSigning();
  const trying = useMutation({ mutationFn: () => signIn(email, password) });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    trying.mutate();
  };
  return (
    <main className={classes.signIn}>
      <form className={classes.card} onSubmit={submit}>
        <Stack gap="md">
          <img src="/favicon.svg" alt="" width={40} height={40} />
          <div>
            <Title order={1} size="h3">
              Promosight
            </Title>
            <Text c="dimmed" size="sm">
              Sign in to see which promotions are used.
            </Text>
          </div>
          {trying.error && (
            <Alert
              color="red"
              variant="light"
              role="alert"
              title={sentence(trying.error.message)}
            />
          )}
          <TextInput
            label="Email"
            type="email"
            autoComplete="username"
            required
            withAsterisk={false}
            autoFocus
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
          />
          <PasswordInput
            label="Password"
            autoComplete="current-password"
            required
            withAsterisk={false}
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          <Button type="submit" loading={trying.isPending}>
            Sign in
          </Button>
          <Text c="dimmed" size="xs">
            No account yet? An administrator makes one under Settings, or on the server with{" "}
            <Code>promosight users add</Code>.
          </Text>
        </Stack>
      </form>
    </main>
  );
}
