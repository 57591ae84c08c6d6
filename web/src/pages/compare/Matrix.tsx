import { memo } from "react";
import { Link } from "react-router";
import type { Line } from "../../api/types";
import { count, DASH, interval } from "../../format";
import { SaveCsv } from "../../look/SaveCsv";
import { commonScale } from "../breakdown/lines/comparing";
import { RateBar } from "../breakdown/lines/RateBar";
import { type Compared, nameOf } from "./asked";
import classes from "./compare.module.css";
import { matrixTable } from "./files";
import type { MatrixRow } from "./matrix";

interface Props {
  caption: string;
  heading: string;
  compared: readonly Compared[];
  rows: readonly MatrixRow[];
  name: (key: string) => string;
  /** What the breakdown a cell leads to is to show. */
  query: string;
}

/** The least a column can be wide. */
const COLUMN = 136;

/** A row for each group or period, a column for each promotion; all rates on one scale. */
export function Matrix({ caption, heading, compared, rows, name, query }: Props) {
  const scale = commonScale(rows.flatMap(({ cells }) => cells.flatMap((line) => line ?? [])));
  return (
    <>
      <section
        className={classes.scroll}
        aria-label={caption}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        tabIndex={0}
      >
        <table className={classes.matrix} style={{ minWidth: (compared.length + 1) * COLUMN }}>
          <caption className="only-read-aloud">{caption}</caption>
          <thead>
            <tr>
              <th scope="col">{heading}</th>
              {compared.map((one) => (
                <th scope="col" key={one.id}>
                  <span className={classes.swatch} style={{ background: one.colour }} aria-hidden />
                  {nameOf(one)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ key, cells }) => (
              <tr key={key}>
                <th scope="row">{name(key)}</th>
                {compared.map((one, index) => (
                  <td key={one.id}>
                    <MatrixCell
                      line={cells[index]}
                      scale={scale}
                      colour={one.colour}
                      to={`/promotions/${encodeURIComponent(one.id)}?${query}`}
                      label={`${nameOf(one)}, ${name(key)}`}
                    />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <footer className={classes.below}>
        <SaveCsv
          of={caption.toLowerCase()}
          rows={() => matrixTable(heading, compared, rows, name)}
        />
      </footer>
    </>
  );
}

interface CellProps {
  line: Line | undefined;
  scale: number;
  colour: string;
  to: string;
  label: string;
}

const MatrixCell = memo(function MatrixCell({ line, scale, colour, to, label }: CellProps) {
  if (!line) return <span className={classes.nothing}>{DASH}</span>;
  const said = line.rate === null ? DASH : line.display;
  return (
    <div title={line.interval ? `95% interval ${interval(line.interval)}` : undefined}>
      <div className={classes.cellText}>
        <Link to={to} aria-label={`${label}: ${said}. Open the breakdown`}>
          {said}
        </Link>
        <small>{line.enough ? `of ${count(line.assigned)}` : `too few (${line.assigned})`}</small>
      </div>
      <RateBar
        rate={line.rate}
        interval={line.interval}
        scale={scale}
        colour={colour}
        isPale={!line.enough}
      />
    </div>
  );
});
