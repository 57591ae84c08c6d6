import { useSession } from "../../../api/session";
import type { Candidate, Explanation } from "../../../api/types";
import { DASH, money, share } from "../../../format";
import { Tag } from "../../../look/Tag";
import classes from "../decisioning.module.css";
import { offerName } from "../words";

/** Every candidate with its probability and doubt, worth, price and propensity; the chosen one stands out. */
export function Candidates({ decision }: { decision: Explanation }) {
  const sorted = [...decision.candidates].sort((a, b) => b.score - a.score);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className={classes.scroll} aria-label="Candidates" tabIndex={0}>
      <table className={classes.table} data-flush>
        <thead>
          <tr>
            <th scope="col">Offer</th>
            <th scope="col" className={classes.number}>
              Redeemed with
            </th>
            <th scope="col" className={classes.number}>
              Brings
            </th>
            <th scope="col" className={classes.number}>
              Costs
            </th>
            <th scope="col" className={classes.number}>
              Budget price
            </th>
            <th scope="col" className={classes.number}>
              Score
            </th>
            <th scope="col" className={classes.number}>
              Drawn with
            </th>
          </tr>
        </thead>
        <tbody>
          {sorted.map((one) => (
            <Line key={`${one.promotion_id}/${one.tier_id}`} one={one} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Line({ one }: { one: Candidate }) {
  const { workspace } = useSession();
  const said = (value: number) =>
    one.promotion_id === null ? DASH : money(value.toFixed(2), workspace.currency);
  return (
    <tr data-chosen={one.chosen || undefined}>
      <th scope="row">
        {offerName(one.promotion_id, one.tier_id)} {one.chosen && <Tag tone="accent">Chosen</Tag>}
      </th>
      <td className={classes.number}>
        {one.probability === null ? DASH : share(one.probability)}
        {one.probability !== null && one.sd !== null && (
          <small> ± {share(one.probability * (1 - one.probability) * one.sd)}</small>
        )}
      </td>
      <td className={classes.number}>{said(one.value)}</td>
      <td className={classes.number}>{said(one.cost)}</td>
      <td className={classes.number}>{one.price > 0 ? said(one.price) : DASH}</td>
      <td className={classes.number}>{money(one.score.toFixed(2), workspace.currency)}</td>
      <td className={classes.number}>{share(one.propensity)}</td>
    </tr>
  );
}
