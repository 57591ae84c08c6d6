import { Button, Group, PasswordInput, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useSession } from "../../../api/session";
import type { Shop } from "../../../api/types";
import { moment } from "../../../format";
import { FormFailure, fieldErrors } from "../../../look/FormFailure";
import { tell } from "../../../look/tell";
import { useChangeShop } from "./shops";
import { NAMES, PLACES } from "./words";

/** The secret that a shop signs with: it is set here, and shown to nobody again. */
export function ShopSecret({ shop }: { shop: Shop }) {
  const { workspace } = useSession();
  const [secret, setSecret] = useState("");
  const changing = useChangeShop(shop);
  const save = () =>
    changing.mutate(
      { secret },
      {
        onSuccess: () => {
          setSecret("");
          tell(`${NAMES[shop.kind]} is known by its signature now.`);
        },
      },
    );
  const until = shop.former_secret_until;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (secret.trim()) save();
      }}
    >
      <Stack gap="xs">
        <Group gap="xs" align="flex-end">
          <PasswordInput
            label={shop.has_secret ? "Another signing secret" : "Signing secret"}
            description={PLACES[shop.kind].secret}
            value={secret}
            onChange={(event) => setSecret(event.currentTarget.value)}
            error={fieldErrors(changing.error).secret}
            autoComplete="off"
            maxLength={255}
            style={{ flex: "1 1 280px" }}
            maw={480}
          />
          <Button type="submit" loading={changing.isPending} disabled={!secret.trim()}>
            {shop.has_secret ? "Replace it" : "Set it"}
          </Button>
        </Group>
        <Text size="sm" c="dimmed">
          {shop.has_secret
            ? "A secret is set. It is shown to nobody."
            : "Until it is set nothing is taken: the shop keeps what it has and sends again."}
          {until && ` The one before is good until ${moment(until, workspace.time_zone)}.`}
        </Text>
        <FormFailure error={changing.error} shown={["secret"]} />
      </Stack>
    </form>
  );
}
