import { Button, Group, Modal, Stack } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useState } from "react";
import { useSession } from "../../api/session";
import type { Key } from "../../api/types";
import { FormFailure, fieldErrors } from "../../look/FormFailure";
import { expiryInstant, KeyFields, type KeyForm } from "./KeyFields";
import { REPORTING, useMakeKey } from "./keys";
import { ShownOnce } from "./ShownOnce";

interface Props {
  isOpen: boolean;
  close: () => void;
  /** The key it shall be like. */
  like?: Key;
  /** The source it shall belong to, where that is settled. */
  source?: string;
}

/** Makes a key: what it is called, what it may do, from where and until when. Then shows it once. */
export function MakeKey({ isOpen, close, like, source }: Props) {
  return (
    <Modal
      opened={isOpen}
      onClose={close}
      title={like ? `Make another key like ${like.name}` : "Make a key"}
      size="lg"
      closeOnClickOutside={false}
    >
      <Making close={close} like={like} source={source} />
    </Modal>
  );
}

function Making({ close, like, source }: Omit<Props, "isOpen">) {
  const { workspace } = useSession();
  const [secret, setSecret] = useState<string>();
  const form = useForm<KeyForm>({ initialValues: initial(like, source) });
  const making = useMakeKey();
  if (secret) return <Made secret={secret} close={close} />;
  const submit = (values: KeyForm) => {
    const { expiry, date, ...rest } = values;
    const expires_at = expiryInstant(expiry, date, workspace.time_zone, Date.now());
    making.mutate(
      { ...rest, source: rest.source || null, expires_at },
      {
        onSuccess: ({ key }) => setSecret(key ?? undefined),
        onError: (error) => form.setErrors(fieldErrors(error)),
      },
    );
  };
  return (
    <form onSubmit={form.onSubmit(submit)}>
      <Stack gap="md">
        <KeyFields form={form} hasSource={!source} />
        <FormFailure error={making.error} shown={["name", "scopes", "source", "ip_ranges"]} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button
            type="submit"
            loading={making.isPending}
            disabled={form.values.scopes.length === 0}
          >
            Make the key
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function Made({ secret, close }: { secret: string; close: () => void }) {
  return (
    <Stack gap="md">
      <ShownOnce secret={secret} />
      <Group justify="flex-end">
        <Button onClick={close}>I have kept it</Button>
      </Group>
    </Stack>
  );
}

function initial(like: Key | undefined, source: string | undefined): KeyForm {
  return {
    name: like?.name ?? source ?? "",
    scopes: like?.scopes ?? REPORTING,
    source: like?.source ?? source ?? "",
    ip_ranges: like?.ip_ranges ?? [],
    expiry: "never",
    date: "",
  };
}
