import { Checkbox, Pagination } from "@mantine/core";
import { memo } from "react";
import type { Promotion } from "../../api/types";
import { count } from "../../format";
import { RateCell } from "../../look/RateCell";
import { StatusTag } from "../../look/Tag";
import { UsageBars } from "../../look/UsageBars";
import { Moved } from "./Moved";
import type { Paging } from "./paging";
import classes from "./promotions.module.css";
import { RowMenu } from "./RowMenu";
import type { Selection } from "./useSelection";

interface Props {
  items: Promotion[];
  selection: Selection;
  paging: Paging;
  isStale: boolean;
}

/** The promotions as cards: the table for a narrow screen. */
export function Cards({ items, selection, paging, isStale }: Props) {
  const { chosen, choose } = selection;
  const pick = (one: Promotion, isPicked: boolean) =>
    choose(isPicked ? [...chosen, one] : chosen.filter((o) => o.promotion_id !== one.promotion_id));
  const pages = Math.ceil(paging.total / paging.size);
  return (
    <>
      <ul className={classes.cards} aria-busy={isStale} style={{ opacity: isStale ? 0.55 : 1 }}>
        {items.map((one) => (
          <li key={one.promotion_id} className={classes.card}>
            <Checkbox
              size="sm"
              aria-label={`Select ${one.name} to compare`}
              checked={selection.isChosen(one)}
              disabled={!selection.isSelectable(one)}
              onChange={(event) => pick(one, event.currentTarget.checked)}
            />
            <Card promotion={one} />
          </li>
        ))}
      </ul>
      {pages > 1 && (
        <Pagination
          mt="md"
          size="sm"
          siblings={0}
          total={pages}
          value={paging.page}
          onChange={paging.onPage}
          getControlProps={(control) => ({ "aria-label": `${control} page` })}
          getItemProps={(page) => ({ "aria-label": `Page ${page}` })}
        />
      )}
    </>
  );
}

const Card = memo(function Card({ promotion }: { promotion: Promotion }) {
  const { name, promotion_id: id, code, status, figures } = promotion;
  return (
    <article aria-label={name}>
      <header>
        <div className={classes.name}>
          <strong>{name}</strong>
          <small>{code && code !== id ? `${id} · ${code}` : id}</small>
        </div>
        <StatusTag status={status} />
        <RowMenu promotion={promotion} />
      </header>
      <div className={classes.cardFigures}>
        <div>
          <div className={classes.bigRate}>
            <Moved value={figures.display}>
              <RateCell promotion={promotion} />
            </Moved>
          </div>
          <small>
            {figures.rate === null
              ? `${count(figures.assigned)} assigned`
              : `${count(figures.redeemed)} of ${count(figures.assigned)} redeemed`}
          </small>
        </div>
        <UsageBars promotion={promotion} />
      </div>
    </article>
  );
});
