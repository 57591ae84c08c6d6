import { IconLock } from "@tabler/icons-react";
import { Empty } from "../../look/Empty";
import { Surface } from "../../look/Surface";

/** What stands in a tab that is closed to one's role: to whom it is open, and what for. */
export function ClosedTab({ title, why }: { title: string; why: string }) {
  return (
    <Surface>
      <Empty icon={IconLock} title={title} why={why} />
    </Surface>
  );
}
