import type { Promotion } from "../../api/types";
import { count, DASH, interval } from "../../format";
import { Ago } from "../../look/Ago";
import { Stat, Stats } from "../../look/Surface";
import { AllLimits, noUsage } from "../../look/UsageBars";
import { standings } from "../../look/usage";
import { Amounts } from "./Amounts";
import classes from "./breakdown.module.css";
import { ExpectedRate } from "./ExpectedRate";
import { IntervalStrip } from "./IntervalStrip";
import { part } from "./words";

/** The cell of the list again, large, with what stands behind it and what is shown beside it. */
export function Summary({ promotion }: { promotion: Promotion }) {
  const { figures } = promotion;
  const { customers } = figures;
  return (
    <div className={classes.summary}>
      <Rate promotion={promotion} />
      <div className={classes.beside}>
        <Stats>
          <Stat
            label="Customers redeemed"
            value={count(customers.redeemed)}
            more={`of ${count(customers.assigned)} assigned, ${part(customers.redeemed, customers.assigned)}`}
          />
          <Stat
            label="Redemptions"
            value={count(figures.redemptions)}
            more={
              figures.last_event_at ? <>last {<Ago at={figures.last_event_at} />}</> : "none yet"
            }
          />
          <Stat
            label="Reward cost"
            value={<Cost promotion={promotion} />}
            more="of all redemptions"
          />
          <Stat
            label="Order value"
            value={<Amounts money={figures.order_value} />}
            more="of the orders reported"
          />
        </Stats>
      </div>
      <Usage promotion={promotion} />
    </div>
  );
}

function Cost({ promotion: { figures } }: { promotion: Promotion }) {
  return <Amounts money={figures.reward_cost} units={figures.reward_units} />;
}

function Rate({ promotion }: { promotion: Promotion }) {
  const { figures } = promotion;
  const isKnown = figures.rate !== null;
  return (
    <div className={classes.rateBlock}>
      <div className={classes.quiet}>Redemption rate</div>
      <div className={`figure ${classes.rate}`}>{isKnown ? figures.display : DASH}</div>
      <div className={classes.strong}>
        {count(figures.redeemed)} of {count(figures.assigned)} assignments redeemed
      </div>
      {figures.interval && figures.rate !== null && (
        <>
          <IntervalStrip rate={figures.rate} interval={figures.interval} />
          <div className={classes.quiet}>95% interval {interval(figures.interval)}</div>
        </>
      )}
      {isKnown && <ExpectedRate promotionId={promotion.promotion_id} />}
    </div>
  );
}

function Usage({ promotion }: { promotion: Promotion }) {
  const all = standings(promotion.figures.usage);
  return (
    <div className={classes.usage}>
      <div className={classes.quiet}>Budget & Cap Usage</div>
      {all.length > 0 ? (
        <AllLimits standings={all} reward={promotion.reward} />
      ) : (
        <div className={classes.strong}>{noUsage(promotion)}</div>
      )}
    </div>
  );
}
