import type { Evaluation, PolicyEstimate, ValuePeriod } from "../../../api/types";
import { count } from "../../../format";
import { Tag } from "../../../look/Tag";
import classes from "../decisioning.module.css";
import { between, estimated, GATES, inUnit, offerName } from "../words";
import { Range } from "./Range";

const NAMES: Record<string, [name: string, about: string]> = {
  current: ["The policy now", "as it would choose today"],
  logged: ["As it was decided", "what really happened"],
  best_fixed: ["Best fixed offer", "the same for everybody"],
  benchmark: ["Benchmark", "the offer named beforehand, for everybody"],
  uniform: ["At random", "any open offer alike"],
};

/** What each policy brings per decision, on one scale, with how well the log covers it. */
export function Policies({
  evaluation,
  whole,
}: {
  evaluation: Evaluation;
  whole: ValuePeriod | undefined;
}) {
  const { policies, unit, fixed_order } = evaluation;
  const order = ["current", "logged", "best_fixed", "benchmark", "uniform"];
  const shown = [...policies].sort((a, b) => order.indexOf(a.policy) - order.indexOf(b.policy));
  const control = whole?.control ?? null;
  const ends = [...shown.map((one) => one.dr), control].flatMap((one) => one?.interval ?? []);
  const scale: [number, number] = [Math.min(0, ...ends), Math.max(0.0001, ...ends)];
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className={classes.scroll} aria-label="Value per decision of each policy" tabIndex={0}>
      <table className={classes.table}>
        <thead>
          <tr>
            <th scope="col">Policy</th>
            <th scope="col" className={classes.number}>
              Value per decision
            </th>
            <th scope="col">95% interval</th>
            <th scope="col" className={classes.number}>
              Worth so many decisions
            </th>
            <th scope="col">Support</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((one) => (
            <Policy key={one.policy} one={one} unit={unit} scale={scale} best={fixed_order[0]} />
          ))}
          {control && whole && (
            <tr>
              <th scope="row">
                Control group <small>what it really brought</small>
              </th>
              <td className={classes.number}>{inUnit(control.value, unit)}</td>
              <td>
                <Range
                  interval={control.interval}
                  value={control.value}
                  scale={scale}
                  said={between(control.interval, unit)}
                />
              </td>
              <td className={classes.number}>{count(whole.control_decisions)}</td>
              <td>
                <Tag tone="good">Measured</Tag>
              </td>
            </tr>
          )}
        </tbody>
      </table>
    </section>
  );
}

interface PolicyProps {
  one: PolicyEstimate;
  unit: string;
  scale: [number, number];
  best: string | undefined;
}

function Policy({ one, unit, scale, best }: PolicyProps) {
  const [name, about] = NAMES[one.policy] ?? [one.policy, ""];
  const gate = GATES[one.gate] ?? { label: one.gate, tone: "quiet" as const };
  const which =
    one.policy === "best_fixed" && best ? offerName(best === "none" ? null : best) : about;
  return (
    <tr>
      <th scope="row">
        {name} <small>{which}</small>
      </th>
      <td className={classes.number} title={one.dr ? estimated(one.dr, unit) : undefined}>
        {one.dr ? inUnit(one.dr.value, unit) : "\u2013"}
      </td>
      <td>
        {one.dr ? (
          <Range
            interval={one.dr.interval}
            value={one.dr.value}
            scale={scale}
            said={between(one.dr.interval, unit)}
          />
        ) : (
          <small className={classes.why}>{one.support.words}</small>
        )}
      </td>
      <td className={classes.number}>{count(one.effective_sample_size)}</td>
      <td>
        <Tag tone={gate.tone}>{gate.label}</Tag>
      </td>
    </tr>
  );
}
