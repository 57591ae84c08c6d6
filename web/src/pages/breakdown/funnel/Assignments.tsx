import type { Funnel } from "../../../api/types";
import { count } from "../../../format";
import type { Status } from "../audience";
import { ExportLink } from "../ExportLink";
import { part } from "../words";
import classes from "./funnel.module.css";
import { StillOpen } from "./StillOpen";

interface Line {
  status: Status;
  name: string;
  value: number;
  /** How far it is indented: parts stand below their whole. */
  depth: 0 | 1 | 2;
  /** Its colour in the bar. */
  colour?: "redeemed" | "open" | "expired";
}

function lines(funnel: Funnel): Line[] {
  const { assigned, redeemed, open, expired } = funnel;
  return [
    { status: "assigned", name: "Assigned", value: assigned, depth: 0 },
    { status: "redeemed", name: "Redeemed", value: redeemed, depth: 1, colour: "redeemed" },
    { status: "unredeemed", name: "Not redeemed", value: open + expired, depth: 1 },
    { status: "open", name: "Open", value: open, depth: 2, colour: "open" },
    { status: "expired", name: "Expired", value: expired, depth: 2, colour: "expired" },
  ];
}

/** Assigned as one bar of its three parts, and the same as numbers that can be exported as audiences. */
export function Assignments({ funnel }: { funnel: Funnel }) {
  const all = lines(funnel);
  const parts = all.filter((line) => line.colour && line.value > 0);
  return (
    <div>
      <div className={classes.bar} aria-hidden>
        {parts.map(({ status, colour, value, name }) => (
          <span key={status} data-colour={colour} style={{ flexGrow: value }} title={name} />
        ))}
      </div>
      <table className={classes.parts}>
        <caption className="only-read-aloud">What became of the assignments</caption>
        <thead className="only-read-aloud">
          <tr>
            <th scope="col">Assignments</th>
            <th scope="col">Number</th>
            <th scope="col">Share of assigned</th>
            <th scope="col">Audience</th>
          </tr>
        </thead>
        <tbody>
          {all.map((line) => (
            <Part key={line.status} line={line} funnel={funnel} />
          ))}
        </tbody>
      </table>
      <StillOpen funnel={funnel} />
    </div>
  );
}

function Part({ line, funnel }: { line: Line; funnel: Funnel }) {
  const { status, name, value, depth, colour } = line;
  return (
    <tr data-depth={depth}>
      <th scope="row">
        <span className={classes.swatch} data-colour={colour} aria-hidden />
        {name}
      </th>
      <td>{count(value)}</td>
      <td>{part(value, funnel.assigned)}</td>
      <td>
        <ExportLink
          promotionId={funnel.promotion_id}
          status={status}
          name={name.toLowerCase()}
          count={value}
        />
      </td>
    </tr>
  );
}
