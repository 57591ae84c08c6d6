import { Group, Text } from "@mantine/core";
import { Link } from "react-router";

/** The mark and the name; leads home. */
export function Brand() {
  return (
    <Link to="/promotions" style={{ textDecoration: "none", color: "inherit" }}>
      <Group gap={8} wrap="nowrap">
        <img src="/favicon.svg" alt="" width={26} height={26} />
        <Text span fw={700} size="md" visibleFrom="xs">
          Promosight
        </Text>
        <span className="only-read-aloud">Home</span>
      </Group>
    </Link>
  );
}
