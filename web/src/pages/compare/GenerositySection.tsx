import { NativeSelect, SegmentedControl, useComputedColorScheme } from "@mantine/core";
import { useMemo } from "react";
import type { ComparedPromotion } from "../../api/types";
import { Chart } from "../../look/Chart";
import { palette } from "../../look/palette";
import { chosen, useAddress } from "../breakdown/address";
import { Section } from "../breakdown/Section";
import effect from "./effect.module.css";
import { GenerosityTable } from "./GenerosityTable";
import { pointsOf, scatter, unitsOf } from "./generosity";

/** Whether giving more is taken up more: the reward of an assignment against the redemption rate. */
export function GenerositySection({ items }: { items: readonly ComparedPromotion[] }) {
  const { get, set } = useAddress<"give" | "unit">();
  const isByTier = chosen(get("give"), ["promotion", "tier"]) === "tier";
  const isDark = useComputedColorScheme("light") === "dark";
  const all = useMemo(() => pointsOf(items, isByTier), [items, isByTier]);
  const units = unitsOf(all);
  const unit = units.find((one) => one === get("unit")) ?? units[0] ?? "";
  const points = useMemo(() => all.filter((one) => one.unit === unit), [all, unit]);
  const option = useMemo(() => scatter(points, unit, palette(isDark)), [points, unit, isDark]);
  return (
    <Section
      level={2}
      id="generosity"
      title="Generosity against rate"
      about="What an assignment gives, and how often it is redeemed, with the 95% interval. Those with fewer than 30 assignments are left out. Who is given more is another customer, too: the reward need not be the reason."
      tools={
        <>
          {units.length > 1 && (
            <NativeSelect
              aria-label="Rewards in"
              size="xs"
              data={units}
              value={unit}
              onChange={({ currentTarget }) => set({ unit: currentTarget.value })}
            />
          )}
          <SegmentedControl
            size="xs"
            aria-label="Points of"
            value={isByTier ? "tier" : "promotion"}
            onChange={(value) => set({ give: value === "tier" ? "tier" : null })}
            data={[
              { value: "promotion", label: "Promotions" },
              { value: "tier", label: "Tiers" },
            ]}
          />
        </>
      }
    >
      {points.length === 0 ? (
        <p className={effect.quiet}>
          {isByTier
            ? "None of them has a tier with a reward and 30 assignments."
            : "None of them has a reward with a value and 30 assignments."}
        </p>
      ) : (
        <>
          <Chart title="Redemption rate by reward" option={option} height={340} />
          <GenerosityTable points={points} />
        </>
      )}
    </Section>
  );
}
