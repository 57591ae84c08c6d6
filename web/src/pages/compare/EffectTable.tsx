import { Link } from "react-router";
import type { ComparedPromotion } from "../../api/types";
import { DASH } from "../../format";
import classes from "./compare.module.css";
import { FIGURES, type Figure, NAMES, type Shown, scaleOf, shownOf } from "./comparison";
import effect from "./effect.module.css";

interface Props {
  items: readonly ComparedPromotion[];
  /** The one that is drawn, and that they are ordered by. */
  figure: Figure;
}

/** A promotion in a row; the figure they are ordered by is drawn on one scale. */
export function EffectTable({ items, figure }: Props) {
  const shown = items.map((one) => shownOf(figure, one));
  const scale = scaleOf(shown);
  return (
    <section
      className={classes.scroll}
      aria-label="Promotions by effect"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
      tabIndex={0}
    >
      <table className={effect.table}>
        <thead>
          <tr>
            <th scope="col">Promotion</th>
            <th scope="col" className={effect.plotted}>
              {NAMES[figure]}, on one scale
            </th>
            {FIGURES.map((one) => (
              <th scope="col" key={one} aria-sort={sortOf(one, figure)}>
                {NAMES[one]}
                {one === "cost" && <small>not causal</small>}
                {(one === "uplift" || one === "roi") && <small>95% interval</small>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {items.map((one, index) => (
            <tr key={one.promotion_id}>
              <th scope="row">
                <Link to={`/promotions/${encodeURIComponent(one.promotion_id)}`}>{one.name}</Link>
                <Brief shown={shown[index]} />
              </th>
              <td className={effect.plotted}>
                <Dot shown={shown[index]} scale={scale} />
              </td>
              <Cells one={one} />
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

const sortOf = (one: Figure, figure: Figure) => {
  if (one !== figure) return undefined;
  return one === "cost" ? "ascending" : "descending";
};

/** On narrow screens, where the columns are out of sight: the figure they are ordered by. */
function Brief({ shown }: { shown?: Shown }) {
  const parts = [shown?.text, shown?.endsText, shown?.why].filter(Boolean);
  return (
    <small className={effect.brief} aria-hidden>
      {parts.join(", ")}
    </small>
  );
}

function Cells({ one }: { one: ComparedPromotion }) {
  const shown = FIGURES.map((name) => ({ name, ...shownOf(name, one) }));
  const [uplift, roi] = [shownOf("uplift", one), shownOf("roi", one)];
  // One reason for both is said once.
  const isOne = uplift.why !== null && uplift.why === roi.why;
  return (
    <>
      {shown
        .filter(({ name }) => !isOne || (name !== "uplift" && name !== "roi"))
        .map((each) => (
          <Cell key={each.name} shown={each} />
        ))}
      {isOne && (
        <td colSpan={2}>
          <small>{uplift.why}</small>
        </td>
      )}
    </>
  );
}

function Cell({ shown: { text, endsText, why } }: { shown: Shown }) {
  return (
    <td>
      {text ?? (why ? null : DASH)}
      {endsText && <small>{endsText}</small>}
      {why && <small className={effect.why}>{why}</small>}
    </td>
  );
}

/** A figure and its interval between the ends of the scale. The numbers stand beside it. */
function Dot({ shown, scale: [low, high] }: { shown?: Shown; scale: readonly [number, number] }) {
  const x = (value: number) => `${(2 + (96 * (value - low)) / (high - low)).toFixed(2)}%`;
  return (
    <svg className={effect.dot} aria-hidden="true">
      <line className={effect.zero} x1={x(0)} x2={x(0)} y1="0" y2="24" />
      {shown?.ends && (
        <line className={effect.ends} x1={x(shown.ends[0])} x2={x(shown.ends[1])} y1="12" y2="12" />
      )}
      {shown && shown.value !== null && <circle cx={x(shown.value)} cy="12" r="4.5" />}
    </svg>
  );
}
