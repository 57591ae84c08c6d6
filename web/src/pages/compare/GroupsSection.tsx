import { Button, SegmentedControl, Skeleton, Switch } from "@mantine/core";
import { counted } from "../../format";
import { chosen, useAddress } from "../breakdown/address";
import { DIMENSIONS, type Dimension } from "../breakdown/lines/dimensions";
import { Section } from "../breakdown/Section";
import { label } from "../breakdown/words";
import { type Compared, useBreakdowns } from "./asked";
import classes from "./compare.module.css";
import { Matrix } from "./Matrix";
import { isCommon, matrix } from "./matrix";

const CHOICES: [Dimension, ...Dimension[]] = ["segment", "tier", "channel", "campaign", "source"];

/** The same groups of customers in each promotion: who takes up which. */
export function GroupsSection({ compared }: { compared: readonly Compared[] }) {
  const { get, set } = useAddress<"by" | "groups">();
  const by = chosen(get("by"), CHOICES);
  const isEvery = get("groups") === "all";
  return (
    <Section
      level={2}
      id="groups"
      title="By group"
      about="The same group of customers in each promotion, with 95% intervals on one scale."
      tools={
        <>
          <Switch
            size="xs"
            label="Only groups all of them have"
            checked={!isEvery}
            onChange={(event) => set({ groups: event.currentTarget.checked ? null : "all" })}
          />
          <SegmentedControl
            size="xs"
            aria-label="Groups by"
            value={by}
            onChange={(value) => set({ by: value })}
            data={CHOICES.map((value) => ({ value, label: DIMENSIONS[value].name }))}
          />
        </>
      }
    >
      <Groups
        compared={compared}
        by={by}
        isEvery={isEvery}
        onEvery={() => set({ groups: "all" })}
      />
    </Section>
  );
}

interface GroupsProps {
  compared: readonly Compared[];
  by: Dimension;
  isEvery: boolean;
  onEvery: () => void;
}

function Groups({ compared, by, isEvery, onEvery }: GroupsProps) {
  const breakdowns = useBreakdowns(compared, by);
  const isThere = breakdowns.every(Boolean);
  if (!isThere) return <Skeleton height={220} radius="md" />;
  const all = matrix(breakdowns);
  const rows = isEvery ? all : all.filter(isCommon);
  const left = all.length - rows.length;
  const word = DIMENSIONS[by].name.toLowerCase();
  if (rows.length === 0)
    return (
      <div className={classes.noneCommon}>
        <p>
          {left > 0
            ? `There is no ${word} that all of them have.`
            : `None of their assignments carries a ${word}.`}
        </p>
        {left > 0 && (
          <Button size="xs" variant="default" onClick={onEvery}>
            Show all {left}
          </Button>
        )}
      </div>
    );
  return (
    <>
      <Matrix
        caption={`Redemption rate by ${word}`}
        heading={DIMENSIONS[by].name}
        compared={compared}
        rows={rows}
        name={(key) =>
          label(
            by,
            key,
            compared.flatMap(({ promotion }) => promotion?.tiers ?? []),
          )
        }
        query={`by=${by}`}
      />
      {left > 0 && (
        <p className={classes.quiet}>
          {counted(left, "more group")} {left === 1 ? "is" : "are"} not in all of these promotions.
        </p>
      )}
    </>
  );
}
