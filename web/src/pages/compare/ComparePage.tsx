import { Stack } from "@mantine/core";
import { IconScale } from "@tabler/icons-react";
import { Empty } from "../../look/Empty";
import { PageHeader } from "../../look/PageHeader";
import { AddPromotion } from "./AddPromotion";
import { useCompared } from "./asked";
import { CohortSection } from "./CohortSection";
import { EffectSection } from "./EffectSection";
import { FiguresSection } from "./FiguresSection";
import { GroupsSection } from "./GroupsSection";
import { MOST, useIds } from "./ids";

const NOBODY: string[] = [];

/** Promotions side by side: which of them work, and for whom. */
export function Component() {
  const { ids, add, remove } = useIds();
  const compared = useCompared(ids);
  const known = compared.filter(({ error }) => !error);
  return (
    <>
      <PageHeader title="Compare promotions" about="Two to six promotions on the same scales.">
        {/* At one place whatever is chosen: whoever adds one after another goes on typing in the same field. */}
        <AddPromotion chosen={ids} onAdd={add} />
      </PageHeader>
      {ids.length === 0 ? (
        <Stack gap="md">
          <Empty
            icon={IconScale}
            title="Choose promotions to compare"
            why={`Add two to ${MOST} of them above, or tick them in the list of promotions. Their rates, costs and groups of customers then stand side by side; the address of this page keeps the choice.`}
          />
          <EffectSection ids={NOBODY} />
        </Stack>
      ) : (
        <Stack gap="md">
          <FiguresSection compared={compared} onRemove={remove} />
          {known.length > 1 && <EffectSection ids={known.map(({ id }) => id)} />}
          {ids.length > 1 && <CohortSection compared={known} />}
          {ids.length > 1 && <GroupsSection compared={known} />}
        </Stack>
      )}
    </>
  );
}
