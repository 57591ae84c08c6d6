import { interval } from "../../format";
import { useMaturity } from "./asked";
import classes from "./breakdown.module.css";

/** What the rate will be once nobody can redeem any more; nothing where it is final, or not enough is known. */
export function ExpectedRate({ promotionId }: { promotionId: string }) {
  const { data: maturity } = useMaturity(promotionId);
  if (maturity?.state !== "estimated" || !maturity.interval) return null;
  return (
    <div className={classes.expected}>
      Expected at the end: <strong>{interval(maturity.interval)}</strong>{" "}
      <span>(80% interval)</span>
    </div>
  );
}
