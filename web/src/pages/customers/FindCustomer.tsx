import { Button, Group, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { useNavigate } from "react-router";
import { customerAddress } from "../decisioning/addresses";

/** Goes to a customer by id. */
export function FindCustomer({ isFirst = false }: { isFirst?: boolean }) {
  const [id, setId] = useState("");
  const navigate = useNavigate();
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (id.trim()) navigate(customerAddress(id.trim()));
      }}
    >
      <Group gap="xs" wrap="nowrap">
        <TextInput
          aria-label="Customer id"
          placeholder="Customer id"
          leftSection={<IconSearch size={16} aria-hidden />}
          value={id}
          onChange={(event) => setId(event.currentTarget.value)}
          w={isFirst ? 260 : 200}
        />
        <Button type="submit" variant={isFirst ? "filled" : "default"} disabled={!id.trim()}>
          Show
        </Button>
      </Group>
    </form>
  );
}
