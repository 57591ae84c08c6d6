import { Button } from "@mantine/core";
import { useState } from "react";
import { Link } from "react-router";
import { useMay } from "../../api/session";
import type { Mapping } from "../../api/types";
import { Ago } from "../../look/Ago";
import { asking } from "../../look/asking";
import { Confirm } from "../../look/Confirm";
import { CsvLink } from "../../look/CsvLink";
import { Section } from "../../look/Section";
import { Tag } from "../../look/Tag";
import { fieldName, useEndMapping, useMappings } from "./mappings";
import classes from "./problems.module.css";

/** What words were said to mean, and until when. Nothing is shown before there is any. */
export function Mappings() {
  const { data } = useMappings();
  const [ending, setEnding] = useState<Mapping>();
  if (!data?.length) return null;
  const inOrder = [...data.filter((one) => !one.ended_at), ...data.filter((one) => one.ended_at)];
  return (
    <div className={classes.mapped}>
      <Section
        title="Mappings"
        about="Ids and codes that sources write otherwise, and the promotion that somebody said they mean."
        aside={<CsvLink path="/v1/mappings" of="mappings" />}
      >
        <ul className={classes.mappings}>
          {inOrder.map((one) => (
            <Line key={one.mapping_id} mapping={one} end={() => setEnding(one)} />
          ))}
        </ul>
      </Section>
      <Ending mapping={ending} close={() => setEnding(undefined)} />
    </div>
  );
}

function Line({ mapping, end }: { mapping: Mapping; end: () => void }) {
  const mayEnd = useMay("promotions:write");
  const { word, promotion_id: promotion, ended_at, ended_by } = mapping;
  return (
    <li>
      <div>
        <div className={classes.means}>
          <strong>{word}</strong> means{" "}
          <Link to={`/promotions/${encodeURIComponent(promotion)}`}>{promotion}</Link>
        </div>
        <div className={classes.evidence}>
          As {fieldName(mapping.field)}, from {mapping.source ?? "any source"}. By{" "}
          {mapping.created_by}, <Ago at={mapping.created_at} />
          {ended_at && (
            <>
              ; ended by {ended_by}, <Ago at={ended_at} />
            </>
          )}
        </div>
      </div>
      {ended_at ? (
        <Tag tone="quiet">Ended</Tag>
      ) : (
        mayEnd && (
          <Button size="xs" variant="default" onClick={end} aria-label={`End: ${word}`}>
            End
          </Button>
        )
      )}
    </li>
  );
}

function Ending({ mapping, close }: { mapping: Mapping | undefined; close: () => void }) {
  const ending = useEndMapping();
  const { shown, done } = asking(ending, close, "The mapping is ended.");
  return (
    <Confirm
      isOpen={mapping !== undefined}
      {...shown}
      title="End this mapping?"
      doing="End the mapping"
      isDangerous
      onConfirm={() => mapping && ending.mutate(mapping.mapping_id, { onSuccess: done })}
    >
      <strong>{mapping?.word}</strong> means nothing any more: the redemptions that counted for{" "}
      <strong>{mapping?.promotion_id}</strong> by it wait again, and its figures move back.
    </Confirm>
  );
}
