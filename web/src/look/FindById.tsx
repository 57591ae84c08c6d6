import { Button, Group, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { useNavigate } from "react-router";

interface Props {
  /** What it asks for, such as "Customer id". */
  label: string;
  address: (id: string) => string;
  /** Where finding is what the page is for. */
  isFirst?: boolean;
}

/** Goes to something by its id. */
export function FindById({ label, address, isFirst = false }: Props) {
  const [id, setId] = useState("");
  const navigate = useNavigate();
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (id.trim()) navigate(address(id.trim()));
      }}
    >
      <Group gap="xs" wrap="nowrap">
        <TextInput
          aria-label={label}
          placeholder={label}
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
