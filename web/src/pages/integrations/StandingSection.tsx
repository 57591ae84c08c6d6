import { Select } from "@mantine/core";
import { useMay, useSession } from "../../api/session";
import type { Cadence, Source } from "../../api/types";
import { DASH, moment } from "../../format";
import { Ago } from "../../look/Ago";
import { Failure } from "../../look/Failure";
import { Stat, Stats, Surface } from "../../look/Surface";
import { tell } from "../../look/tell";
import { CADENCES, cadenceOf } from "./cadences";
import classes from "./integrations.module.css";
import { StateTag } from "./Standing";
import { isLive, isOurs, useChangeSource } from "./sources";

/** How a source stands, in one line of figures. */
export function StandingSection({ source }: { source: Source }) {
  const { workspace } = useSession();
  const shown = (at: string | null | undefined) => (at ? moment(at, workspace.time_zone) : DASH);
  return (
    <Surface padded>
      <div className={classes.standing}>
        <Stats>
          <Stat label="State" value={<StateTag source={source} />} />
          <Stat
            label="Last heard"
            value={source.last_heard_at ? <Ago at={source.last_heard_at} /> : "Not yet"}
            more={source.last_heard_at ? shown(source.last_heard_at) : undefined}
          />
          <Stat label="Live since" value={shown(source.live_since)} more={unlessLive(source)} />
          <Stat
            label="To be heard by"
            value={shown(source.due_at)}
            more={source.due_at ? "After that it is overdue" : undefined}
          />
          <Stat label="Cadence" value={<CadenceField source={source} />} />
        </Stats>
      </div>
    </Surface>
  );
}

function unlessLive(source: Source): string | undefined {
  if (isLive(source)) return undefined;
  return isOurs(source) ? "What Promosight decides" : "It is still being set up";
}

/** The cadence, to be changed by those who may. */
function CadenceField({ source }: { source: Source }) {
  const mayChange = useMay("integrations");
  const changing = useChangeSource(source.name);
  if (!mayChange) return cadenceOf(source.cadence).label;
  const change = (cadence: string | null) =>
    cadence &&
    cadence !== source.cadence &&
    changing.mutate(
      { cadence: cadence as Cadence },
      {
        onSuccess: (now) =>
          tell(
            `${now.name} is expected ${cadenceOf(now.cadence).adverb} from now on. No figure has changed.`,
          ),
      },
    );
  return (
    <>
      <Select
        aria-label="Cadence"
        data={CADENCES.map((one) => ({ value: one.cadence, label: one.label }))}
        value={source.cadence}
        onChange={change}
        allowDeselect={false}
        disabled={changing.isPending}
        maw={160}
        size="sm"
      />
      {changing.error && <Failure error={changing.error} />}
    </>
  );
}
