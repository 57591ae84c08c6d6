import { List, Stack, Text, Title } from "@mantine/core";
import { IconPlugConnected } from "@tabler/icons-react";
import { Surface } from "../../look/Surface";
import { ConnectButton } from "./ConnectButton";
import classes from "./integrations.module.css";
import { Reference } from "./Reference";

const STEPS = [
  [
    "Name the system",
    "Checkout, bonus engine, data pipeline, till: whatever knows of redemptions.",
  ],
  ["Choose when it reports", "As it happens, hourly or daily. You can change that at any time."],
  ["Get a key", "It lets that system report, and nothing else."],
  ["Send a test event", "Copy a snippet that works as it is, and see the event land here."],
  ["Go live", "From then on redemption rates fill themselves."],
] as const;

/** What a workspace that no system reports to shows: what to do, and how little it is. */
export function FirstSystem() {
  return (
    <Stack gap="md">
      <Surface padded>
        <div className={classes.first}>
          <Stack gap="md" align="flex-start">
            <IconPlugConnected size={36} stroke={1.4} color="var(--ps-accent)" aria-hidden />
            <Title order={2} size="h3">
              Connect the first system in five minutes
            </Title>
            <Text c="dimmed" maw={440}>
              Redemption rates are off until a system reports redemptions. It takes a name, a key
              and one request, and nobody has to do it for you.
            </Text>
            <ConnectButton />
          </Stack>
          <List type="ordered" spacing="sm" className={classes.steps}>
            {STEPS.map(([what, more]) => (
              <List.Item key={what}>
                <Text fw={600} size="sm">
                  {what}
                </Text>
                <Text c="dimmed" size="sm">
                  {more}
                </Text>
              </List.Item>
            ))}
          </List>
        </div>
      </Surface>
      <Reference />
    </Stack>
  );
}
