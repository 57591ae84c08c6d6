import { Button, NativeSelect, SegmentedControl, Skeleton } from "@mantine/core";
import { IconTableExport } from "@tabler/icons-react";
import { url } from "../../api/client";
import { Failure } from "../../look/Failure";
import { chosen, useAddress } from "../breakdown/address";
import { MEASURES } from "../breakdown/returned";
import { Section } from "../breakdown/Section";
import { FIGURES, NAMES, useComparison } from "./comparison";
import { EffectTable } from "./EffectTable";
import effect from "./effect.module.css";
import { GenerositySection } from "./GenerositySection";

interface Props {
  /** Without any: every active promotion. */
  ids: readonly string[];
}

/** Promotions ordered by what they do: rate, cost per redemption, uplift, ROI; and by what they give. */
export function EffectSection({ ids }: Props) {
  const { get, set } = useAddress<"order" | "measure">();
  const figure = chosen(get("order"), FIGURES);
  const measure = chosen(get("measure"), ["order_value", "margin", "deposit"]);
  const { data, error, refetch } = useComparison({ ids, figure, measure });
  const query = ids.length > 0 ? { promotions: ids.join(",") } : { status: "active" };
  return (
    <>
      <Section
        level={2}
        id="effect"
        title={ids.length > 0 ? "By effect" : "Active promotions by effect"}
        about="What cannot be computed says why. Uplift and ROI are measured against the control group, over 30 days; cost per redemption is not causal."
        tools={
          <>
            <SegmentedControl
              size="xs"
              aria-label="Order by"
              className={effect.choices}
              value={figure}
              onChange={(value) => set({ order: value })}
              data={FIGURES.map((value) => ({ value, label: NAMES[value] }))}
            />
            <NativeSelect
              aria-label="Measure of uplift and ROI"
              size="xs"
              data={MEASURES}
              value={measure}
              onChange={({ currentTarget }) => set({ measure: currentTarget.value })}
            />
            <Button
              component="a"
              href={url("/v1/compare", { ...query, measure, format: "csv" })}
              download="comparison.csv"
              variant="default"
              size="xs"
              leftSection={<IconTableExport size={15} aria-hidden />}
            >
              Save as CSV
            </Button>
          </>
        }
      >
        {error && !data && <Failure error={error} again={refetch} />}
        {!error && !data && <Skeleton height={260} radius="md" />}
        {data && data.items.length === 0 && (
          <p className={effect.quiet}>No promotion is active yet.</p>
        )}
        {data && data.items.length > 0 && <EffectTable items={data.items} figure={figure} />}
        {data && data.total > data.items.length && (
          <p className={effect.quiet}>
            The first {data.items.length} of {data.total} are shown.
          </p>
        )}
      </Section>
      {data && data.items.length > 0 && <GenerositySection items={data.items} />}
    </>
  );
}
