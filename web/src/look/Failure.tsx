import { Alert, Button, Stack, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { ApiError } from "../api/client";

interface Props {
  error: unknown;
  again?: () => unknown;
}

/** Says what went wrong, and offers to try again. */
export function Failure({ error, again }: Props) {
  const [title, mend] = explained(error);
  return (
    <Alert
      icon={<IconAlertTriangle size={18} />}
      color="red"
      variant="light"
      title={title}
      role="alert"
      maw={640}
      m="md"
    >
      <Stack gap="sm" align="flex-start">
        <Text size="sm">{mend}</Text>
        {again && (
          <Button size="xs" variant="default" onClick={() => again()}>
            Try again
          </Button>
        )}
      </Stack>
    </Alert>
  );
}

/** What browsers say of a part of the page that they could not load. */
const NOT_LOADED = /dynamically imported module|importing a module script|preload css/i;

function explained(error: unknown): [title: string, mend: string] {
  if (error instanceof Error && NOT_LOADED.test(error.message))
    return [
      "This page could not be loaded",
      "The server cannot be reached, or was updated meanwhile. The page is loaded as soon as it is back.",
    ];
  if (!(error instanceof ApiError))
    return ["This page could not be shown", "It may be from before an update. Load it again."];
  if (error.status === 0) return ["The server cannot be reached", error.detail];
  if (error.status === 403)
    return [
      "Your role may not see this",
      `${error.detail}. An administrator can change your role.`,
    ];
  if (error.status >= 500)
    return ["The server has a problem", `${error.detail}. Nothing is lost; try again in a moment.`];
  return ["That did not work", error.detail];
}
