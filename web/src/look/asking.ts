import { tell } from "./tell";

interface Change {
  reset: () => void;
  isPending: boolean;
  error: unknown;
}

/** What every question before a change does: who leaves it forgets what failed; what was done is told. For `Confirm`. */
export function asking(change: Change, close: () => void, told: string) {
  const leave = () => {
    change.reset();
    close();
  };
  const done = () => {
    tell(told);
    leave();
  };
  return { shown: { close: leave, isBusy: change.isPending, error: change.error }, done };
}
