import { Radio, Stack } from "@mantine/core";
import type { Role } from "../../api/types";
import { ROLES } from "./roles";

interface Props {
  value: Role;
  onChange: (role: Role) => void;
}

/** The four roles to choose from, each with what it may do. */
export function RoleChoice({ value, onChange }: Props) {
  return (
    <Radio.Group label="Role" value={value} onChange={(chosen) => onChange(chosen as Role)}>
      <Stack gap={10} mt={6}>
        {ROLES.map((one) => (
          <Radio key={one.role} value={one.role} label={one.label} description={one.about} />
        ))}
      </Stack>
    </Radio.Group>
  );
}
