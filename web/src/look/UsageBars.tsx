import { Stack, Text } from "@mantine/core";
import { IconAlertTriangle, IconBan } from "@tabler/icons-react";
import { memo } from "react";
import { useSession } from "../api/session";
import type { Promotion, Usage } from "../api/types";
import { share } from "../format";
import { Hover } from "./Hover";
import classes from "./look.module.css";
import {
  forecastText,
  limitAmount,
  limitName,
  type Standing,
  shortLimitName,
  standings,
} from "./usage";

interface Props {
  promotion: Promotion;
}

/** Budget & Cap Usage: the tightest limit as a bar, all of them on hover, `No limit` where none is set. */
export const UsageBars = memo(function UsageBars({ promotion }: Props) {
  const [tightest, ...others] = standings(promotion.figures.usage);
  if (!tightest) return <span className={classes.noLimit}>{noUsage(promotion)}</span>;
  return (
    <Hover
      width={320}
      more={() => <AllLimits standings={[tightest, ...others]} reward={promotion.reward} />}
    >
      <button type="button" className={classes.limits}>
        <LimitText
          name={shortLimitName(tightest.usage)}
          standing={tightest}
          suffix={others.length ? `+${others.length}` : ""}
        />
        <LimitBar standing={tightest} />
      </button>
    </Hover>
  );
});

/** Why there is nothing to show of limits: none is set, or of a moment it was not kept what was held. */
export const noUsage = ({ figures }: Promotion): string =>
  figures.untold?.includes("usage") ? "Was not kept" : "No limit";

const full = (used: number) => (Number.isFinite(used) ? share(used) : "over");

interface LimitTextProps {
  name: string;
  standing: Standing;
  suffix?: string;
}

function LimitText({ name, standing, suffix }: LimitTextProps) {
  return (
    <span className={classes.limitText}>
      <span>{name}</span> {suffix && <small>{suffix}</small>}{" "}
      <b className={LEVEL[standing.level]}>
        <LevelMark standing={standing} />
        {full(standing.used)}
      </b>
    </span>
  );
}

const LEVEL = { fine: undefined, near: classes.near, over: classes.over };

/** What the colour says, for those who do not see it. */
function LevelMark({ standing }: { standing: Standing }) {
  if (standing.level === "fine") return null;
  const Icon = standing.level === "over" ? IconBan : IconAlertTriangle;
  return (
    <>
      <Icon size={12} stroke={2.4} aria-hidden />
      <span className="only-read-aloud">
        {standing.level === "over" ? "used up: " : "nearly used up: "}
      </span>
    </>
  );
}

function LimitBar({ standing }: { standing: Standing }) {
  const width = (part: number) => ({ width: `${Math.min(part, 1) * 100}%` });
  return (
    <span className={classes.track} data-level={standing.level}>
      <span className={classes.committed} style={width(standing.committed)} />
      <span className={classes.redeemed} style={width(standing.redeemed)} />
    </span>
  );
}

/** Whether it is known what is committed of a limit: what a percentage costs is not, until it is redeemed. */
const isCommitted = (usage: Usage, reward: Promotion["reward"]): boolean =>
  usage.measure !== "reward" || reward?.type !== "percentage" || Number(usage.committed) > 0;

/** Every limit with its two amounts. */
export function AllLimits({
  standings: all,
  reward,
}: {
  standings: Standing[];
  reward: Promotion["reward"];
}) {
  const currency = reward?.currency ?? null;
  return (
    <Stack gap="sm">
      {all.map((one) => (
        <div key={key(one.usage)}>
          <LimitText name={limitName(one.usage)} standing={one} />
          <LimitBar standing={one} />
          <Text size="xs" c="dimmed" mt={4}>
            {limitAmount(one.usage, one.usage.redeemed, currency)} redeemed
            {isCommitted(one.usage, reward) &&
              `, ${limitAmount(one.usage, one.usage.committed, currency)} committed,`}{" "}
            of {limitAmount(one.usage, one.usage.limit, currency)}
          </Text>
          <ForecastText usage={one.usage} currency={currency} />
        </div>
      ))}
    </Stack>
  );
}

/** When the limit will be used up if it goes on like this, or since when it is. */
function ForecastText({ usage, currency }: { usage: Usage; currency: string | null }) {
  const { workspace } = useSession();
  const text = forecastText(usage, currency, workspace.time_zone);
  return text && <Text size="xs">{text}</Text>;
}

const key = (usage: Usage) => `${usage.measure} ${usage.window} ${usage.tier_id ?? ""}`;
