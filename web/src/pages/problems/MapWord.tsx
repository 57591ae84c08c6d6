import { Button } from "@mantine/core";
import { useState } from "react";
import type { SuggestedMapping } from "../../api/types";
import { count } from "../../format";
import { asking } from "../../look/asking";
import { Confirm } from "../../look/Confirm";
import { fieldName, useMap } from "./mappings";
import classes from "./problems.module.css";

interface Props {
  mapping: SuggestedMapping;
  /** How many redemptions wait for it. */
  events: number;
  /** The first of several, or the only one. */
  isFirst: boolean;
  done: () => void;
}

/** Says that a word means a promotion, after asking: all that wait for it count. */
export function MapWord({ mapping, events, isFirst, done }: Props) {
  const { field, word, promotion_id: promotion } = mapping;
  const [isAsked, setAsked] = useState(false);
  const saying = useMap();
  const many = events === 1 ? "1 redemption" : `${count(events)} redemptions`;
  const asked = asking(saying, () => setAsked(false), `${word} means ${promotion} from now on.`);
  return (
    <>
      <Button
        size="xs"
        variant={isFirst ? "filled" : "default"}
        className={classes.map}
        onClick={() => setAsked(true)}
      >
        This is {promotion}: map and count {many}
      </Button>
      <Confirm
        isOpen={isAsked}
        {...asked.shown}
        title={`Does ${word} mean ${promotion}?`}
        doing={`Map and count ${many}`}
        onConfirm={() =>
          saying.mutate(mapping, {
            onSuccess: () => {
              asked.done();
              done();
            },
          })
        }
      >
        From now on whatever names the {fieldName(field)} <strong>{word}</strong> is taken as{" "}
        <strong>{promotion}</strong>, whichever source it comes from, and {many} that wait
        {events === 1 ? "s" : ""} for it now {events === 1 ? "is" : "are"} matched at once. What was
        reported stays as it came. You can end this under Mappings, below the problems.
      </Confirm>
    </>
  );
}
