import { memo } from "react";
import { useSession } from "../../api/session";
import { amounts, count, DASH, money as shown } from "../../format";

interface Props {
  /** By currency, as exact decimals. */
  money: Record<string, string>;
  /** By unit: points, spins. Never added to money. */
  units?: Record<string, string>;
}

/** Amounts of money and units, one after the other, the workspace's own currency first. */
export const Amounts = memo(function Amounts({ money, units = {} }: Props) {
  const { workspace } = useSession();
  const all = amountTexts(money, units, workspace.currency);
  return <>{all.length > 0 ? all.join(", ") : DASH}</>;
});

/** The same, each by itself. `brief` drops the cents of large sums. */
export function amountTexts(
  money: Record<string, string>,
  units: Record<string, string>,
  own: string,
  brief = true,
): string[] {
  const unitTexts = Object.entries(units).map(([unit, n]) => `${count(n)} ${unit}`);
  const sums = amounts(money, own).filter(
    // Nothing in one currency says nothing where another, or a unit, has something.
    ([, amount], index, { length }) =>
      Number(amount) !== 0 || (index === 0 && length === 1 && unitTexts.length === 0),
  );
  return [...sums.map(([currency, amount]) => shown(amount, currency, brief)), ...unitTexts];
}
