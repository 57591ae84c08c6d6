import { Radio } from "@mantine/core";
import classes from "./wizard.module.css";

interface Props {
  value: string;
  label: string;
  about: string;
}

/** One of a few ways to go on, as a card with a sentence. */
export function Choice({ value, label, about }: Props) {
  return (
    <Radio.Card value={value} className={classes.choice} aria-label={`${label}: ${about}`}>
      <Radio.Indicator className={classes.mark} />
      <span>
        <strong>{label}</strong>
        <span>{about}</span>
      </span>
    </Radio.Card>
  );
}
