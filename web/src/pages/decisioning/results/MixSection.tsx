import { Skeleton, useComputedColorScheme } from "@mantine/core";
import type { MixSegment, ValueOverTime } from "../../../api/types";
import { counted, share } from "../../../format";
import { palette } from "../../../look/palette";
import { SaveCsv } from "../../../look/SaveCsv";
import { Section } from "../../../look/Section";
import classes from "../decisioning.module.css";
import { inUnit, offerName } from "../words";
import { mixTable } from "./files";

type Shown = { name: string; colour: string };
const OTHERS = "Other offers";

/** What was offered to whom: one stacked bar for everybody and for each segment. */
export function MixSection({ value }: { value: ValueOverTime | undefined }) {
  const isDark = useComputedColorScheme("light") === "dark";
  if (!value)
    return (
      <Section title="Offer mix by segment">
        <Skeleton height={220} />
      </Section>
    );
  const offers = shownOffers(value.mix, isDark);
  const isEmpty = !value.mix[0]?.decisions;
  return (
    <Section
      title="Offer mix by segment"
      about={
        isEmpty
          ? "Nothing has settled yet."
          : "Which offers each segment got, of all settled decisions, and what a decision brought there."
      }
      aside={!isEmpty && <SaveCsv of="offer mix" rows={() => mixTable(value)} />}
    >
      {!isEmpty && (
        <>
          <ul className={classes.legend}>
            {offers.map(({ name, colour }) => (
              <li key={name}>
                <i style={{ background: colour }} aria-hidden />
                {name}
              </li>
            ))}
          </ul>
          <div className={classes.mix}>
            {value.mix.map((one) => (
              <Bar key={one.segment ?? ""} one={one} offers={offers} unit={value.unit} />
            ))}
          </div>
        </>
      )}
    </Section>
  );
}

function shownOffers(mix: readonly MixSegment[], isDark: boolean): Shown[] {
  const colours = palette(isDark);
  const named = mix[0]?.offers.map((one) => offerName(one.promotion_id, one.tier_id)) ?? [];
  const real = named.filter((name) => name !== "No offer");
  const shown = real
    .slice(0, colours.length)
    .map((name, i) => ({ name, colour: colours[i] ?? "gray" }));
  if (real.length > colours.length)
    shown.push({ name: OTHERS, colour: isDark ? "#8f98a4" : "#6b727b" });
  if (named.includes("No offer")) shown.push({ name: "No offer", colour: "var(--ps-track)" });
  return shown;
}

interface BarProps {
  one: MixSegment;
  offers: readonly Shown[];
  unit: string;
}

function Bar({ one, offers, unit }: BarProps) {
  const shares = new Map<string, number>();
  for (const { promotion_id, tier_id, share: part } of one.offers) {
    const name = offerName(promotion_id, tier_id);
    const shown = offers.some((each) => each.name === name) ? name : OTHERS;
    shares.set(shown, (shares.get(shown) ?? 0) + part);
  }
  const parts = offers.flatMap(({ name, colour }) => {
    const part = shares.get(name) ?? 0;
    return part > 0 ? [{ name, colour, part }] : [];
  });
  const said = parts.map(({ name, part }) => `${name} ${share(part)}`).join(", ");
  return (
    <div className={classes.mixRow}>
      <span className={classes.mixName}>
        {one.segment ?? "Everybody"}
        <small>
          {counted(one.decisions, "decision")}, {inUnit(one.value, unit)} each
        </small>
      </span>
      <span className={classes.stack} role="img" aria-label={said}>
        {parts.map(({ name, colour, part }) => (
          <span
            key={name}
            style={{ width: `${part * 100}%`, background: colour }}
            title={`${name}: ${share(part)}`}
          >
            {part >= 0.09 && (
              <b data-quiet={name === "No offer" || undefined}>{Math.round(part * 100)}%</b>
            )}
          </span>
        ))}
      </span>
    </div>
  );
}
