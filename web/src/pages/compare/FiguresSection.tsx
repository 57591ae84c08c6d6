import { ActionIcon, Skeleton } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { Link } from "react-router";
import { ApiError } from "../../api/client";
import type { Figures, Promotion } from "../../api/types";
import { count, DASH, share } from "../../format";
import { KindTag, StatusTag } from "../../look/Tag";
import { UsageBars } from "../../look/UsageBars";
import { Amounts } from "../breakdown/Amounts";
import { commonScale } from "../breakdown/lines/comparing";
import { RateBar } from "../breakdown/lines/RateBar";
import { Section } from "../breakdown/Section";
import { type Compared, nameOf, useBreakdowns } from "./asked";
import classes from "./compare.module.css";
import { SaveFigures } from "./SaveFigures";

interface Props {
  compared: readonly Compared[];
  onRemove: (id: string) => void;
}

const HEADS = [
  "Redemption rate",
  "Assigned",
  "Redeemed",
  "Redemptions",
  "Reward cost",
  "Order value",
  "Budget & Cap Usage",
];

/** The figures of each promotion in a row; rates on one scale. */
export function FiguresSection({ compared, onRemove }: Props) {
  const totals = useBreakdowns(compared, "week").map((one) => one?.total);
  const shares = compared.flatMap(({ promotion }, index) =>
    promotion ? [shareOf(promotion.figures, totals[index]?.enough)] : [],
  );
  const scale = commonScale(shares);
  return (
    <Section
      level={2}
      id="figures"
      title="Figures"
      about={
        compared.length < 2
          ? "Add another promotion to compare it with."
          : "Rates with their 95% interval. Where two intervals do not overlap, the difference is more than chance."
      }
      tools={<SaveFigures compared={compared} />}
    >
      <section
        className={classes.scroll}
        aria-label="Figures of the compared promotions"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        tabIndex={0}
      >
        <table className={classes.figures}>
          <thead>
            <tr>
              <th scope="col">Promotion</th>
              {HEADS.map((head) => (
                <th scope="col" key={head}>
                  {head}
                </th>
              ))}
              <th scope="col">
                <span className="only-read-aloud">Remove</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {compared.map((one, index) => (
              <tr key={one.id}>
                <Named one={one} />
                {one.promotion ? (
                  <Cells
                    promotion={one.promotion}
                    colour={one.colour}
                    scale={scale}
                    isEnough={totals[index]?.enough ?? true}
                  />
                ) : (
                  <td colSpan={HEADS.length} className={classes.missing}>
                    {one.error ? why(one) : <Skeleton height={20} />}
                  </td>
                )}
                <td>
                  <ActionIcon
                    variant="subtle"
                    color="gray"
                    c="dimmed"
                    aria-label={`Remove ${nameOf(one)}`}
                    onClick={() => onRemove(one.id)}
                  >
                    <IconX size={16} />
                  </ActionIcon>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </Section>
  );
}

const shareOf = ({ rate, interval = null }: Figures, enough = true) => ({ rate, interval, enough });

const why = ({ id, error }: Compared): string =>
  error instanceof ApiError && error.status === 404
    ? `There is no promotion ${id}. Remove it, and add one by its name.`
    : `Could not be read: ${error?.message}`;

function Named({ one }: { one: Compared }) {
  const { promotion, colour, id } = one;
  return (
    <th scope="row">
      <span className={classes.name}>
        <span className={classes.swatch} style={{ background: colour }} aria-hidden />
        <span>
          <Link to={`/promotions/${encodeURIComponent(id)}`}>{nameOf(one)}</Link>
          {promotion && (
            <span className={classes.tags}>
              <StatusTag status={promotion.status} />
              <KindTag kind={promotion.kind} />
            </span>
          )}
        </span>
      </span>
    </th>
  );
}

interface CellsProps {
  promotion: Promotion;
  colour: string;
  scale: number;
  isEnough: boolean;
}

function Cells({ promotion, colour, scale, isEnough }: CellsProps) {
  const { figures, name, promotion_id: id } = promotion;
  const { rate, interval = null, display } = figures;
  const said = rate === null ? DASH : display;
  return (
    <>
      <td>
        <div className={classes.rate}>
          <Link
            to={`/promotions/${encodeURIComponent(id)}`}
            aria-label={`${name}: ${said}. Open the breakdown`}
          >
            {said}
          </Link>
          {interval && isEnough && (
            <small>
              {share(interval[0])} to {share(interval[1])}
            </small>
          )}
          {!isEnough && figures.assigned > 0 && <small>Too few to compare</small>}
          <RateBar
            rate={rate}
            interval={interval}
            scale={scale}
            colour={colour}
            isPale={!isEnough}
          />
        </div>
      </td>
      <td>{count(figures.assigned)}</td>
      <td>{count(figures.redeemed)}</td>
      <td>{count(figures.redemptions)}</td>
      <td>
        <Amounts money={figures.reward_cost} units={figures.reward_units} />
      </td>
      <td>
        <Amounts money={figures.order_value} />
      </td>
      <td className={classes.usage}>
        <UsageBars promotion={promotion} />
      </td>
    </>
  );
}
