import { useState } from "react";
import type { Breakdown, Promotion } from "../../../api/types";
import { ThenOrNow } from "../then/ThenOrNow";
import type { Moment } from "../then/useMoment";
import { captionOf, HEADINGS, TimeTable } from "./TimeTable";

interface Props {
  promotion: Promotion;
  breakdown: Breakdown;
  moment: Moment;
  isPassing: boolean;
}

/** The numbers over time, beside what was known at a moment where one was chosen. */
export function TimePanel({ promotion, breakdown, moment, isPassing }: Props) {
  const [order, setOrder] = useState<string | null>(null);
  return (
    <ThenOrNow
      promotion={promotion}
      moment={moment}
      now={breakdown}
      isPassing={isPassing}
      caption={`${captionOf(promotion, breakdown)}, then and now`}
      heading={HEADINGS[breakdown.by] ?? breakdown.by}
      order={order}
      onOrder={setOrder}
      isTall
    >
      <TimeTable promotion={promotion} breakdown={breakdown} />
    </ThenOrNow>
  );
}
