import { useCallback, useState } from "react";
import type { Breakdown, Line, Promotion } from "../../../api/types";
import { audiences } from "../lines/audiences";
import { BY_REDEMPTION, RATED } from "../lines/columns";
import { ExportMenu } from "../lines/ExportMenu";
import { LinesTable } from "../lines/LinesTable";
import classes from "../lines/lines.module.css";
import { SaveTable } from "../SaveTable";
import { label } from "../words";

/** Whether anything was redeemed or undone then: the API also lists days on which something was only assigned. */
const isMoved = (line: Line) => line.redemptions > 0 || line.redeemed > 0 || line.reversed > 0;

export const HEADINGS: Record<string, string> = { day: "Day", week: "Week", month: "Month" };

/** What the table shows, for those who do not see it. */
export const captionOf = (promotion: Promotion, { by, date }: Breakdown): string =>
  `${promotion.name} by ${by} of ${date === "redeemed" ? "redemption" : "assignment"}`;

interface Props {
  promotion: Promotion;
  breakdown: Breakdown;
}

/** The same as the chart over time, as numbers, with the customers behind each period. */
export function TimeTable({ promotion, breakdown }: Props) {
  const { by, date, rows, total } = breakdown;
  const { promotion_id: id } = promotion;
  const isByRedemption = date === "redeemed";
  const [order, setOrder] = useState<string | null>(null);
  const name = useCallback((line: Line) => label(by, line.key), [by]);
  const menu = useCallback(
    (line: Line) => (
      <ExportMenu promotionId={id} name={name(line)} {...audiences(by, date, line)} />
    ),
    [id, by, date, name],
  );
  return (
    <>
      <LinesTable
        caption={captionOf(promotion, breakdown)}
        heading={HEADINGS[by] ?? by}
        lines={isByRedemption ? rows.filter(isMoved) : rows}
        total={total}
        columns={isByRedemption ? BY_REDEMPTION : RATED}
        name={name}
        order={order}
        onOrder={setOrder}
        menu={menu}
        isTall
      />
      <footer className={classes.below}>
        <p>Days begin and end at midnight in the time zone of the workspace.</p>
        <SaveTable promotionId={id} breakdown={breakdown} name={name} />
      </footer>
    </>
  );
}
