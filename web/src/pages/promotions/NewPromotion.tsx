import { useSession } from "../../api/session";
import { FormDrawer } from "./form/FormDrawer";
import { PromotionForm } from "./form/PromotionForm";
import { create } from "./form/saving";
import { useSending } from "./form/useSending";
import { EMPTY, type FormValues } from "./form/values";

const INTENTS = [
  { name: "draft", label: "Create as draft" },
  { name: "active", label: "Create and activate" },
];

/** A new promotion, in a drawer over the grid. */
export function Component() {
  const zone = useSession().workspace.time_zone;
  const { back, finish } = useSending();
  const send = async (values: FormValues, intent: string) => {
    const status = intent === "active" ? "active" : "draft";
    const made = await create(values, status, zone);
    await finish(made, values, `${made.name} is ${status === "active" ? "active" : "a draft"}.`);
  };
  return (
    <FormDrawer title="New promotion" onClose={back}>
      <PromotionForm
        initial={EMPTY}
        status={null}
        intents={INTENTS}
        onSend={send}
        onCancel={back}
      />
    </FormDrawer>
  );
}
