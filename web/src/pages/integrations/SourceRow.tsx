import { Button } from "@mantine/core";
import { Link } from "react-router";
import { useMay, useSession } from "../../api/session";
import type { Source } from "../../api/types";
import { moment } from "../../format";
import { ActivityBars } from "./ActivityBars";
import { cadenceOf } from "./cadences";
import classes from "./integrations.module.css";
import { LastHeard, Overdue, StateTag } from "./Standing";
import { isLive, isOurs, sourceAddress } from "./sources";

/** One source in the list: how it stands, when it was heard, and what came of what it sent. */
export function SourceRow({ source }: { source: Source }) {
  const { workspace } = useSession();
  const mayChange = useMay("integrations");
  const address = sourceAddress(source.name);
  return (
    <li className={classes.row}>
      <div className={classes.rowName}>
        <h2>
          <Link to={address}>{source.name}</Link>
        </h2>
        <span className={classes.small}>{cadenceOf(source.cadence).label}</span>
      </div>
      <div className={classes.rowState}>
        <StateTag source={source} />
        <span className={classes.small}>
          {isOurs(source)
            ? "What Promosight decides"
            : source.live_since
              ? `Live since ${moment(source.live_since, workspace.time_zone)}`
              : "Not live yet"}
        </span>
      </div>
      <div className={classes.rowHeard}>
        <LastHeard source={source} />
      </div>
      <ActivityBars source={source} />
      <div className={classes.rowAction}>
        {!isLive(source) && !isOurs(source) && mayChange ? (
          <Button component={Link} to={`${address}/setup`} size="xs">
            Continue set-up
          </Button>
        ) : (
          <Button
            component={Link}
            to={address}
            size="xs"
            variant="default"
            aria-label={`Open ${source.name}`}
          >
            Open
          </Button>
        )}
      </div>
      <Overdue source={source} />
    </li>
  );
}
