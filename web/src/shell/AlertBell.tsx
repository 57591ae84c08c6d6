import { ActionIcon, Button, Popover, ScrollArea, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import {
  IconAlertTriangle,
  IconBan,
  IconBell,
  IconGauge,
  IconTrendingDown,
  IconTrendingUp,
} from "@tabler/icons-react";
import { useEffect } from "react";
import { Link, useLocation } from "react-router";
import type { Alert, Anomaly } from "../api/types";
import { Ago } from "../look/Ago";
import { CsvLink } from "../look/CsvLink";
import { levelOf, limitAmount, limitName } from "../look/usage";
import { aboutOf, addressOf, causeOf } from "../pages/anomalies/anomalies";
import classes from "./AlertBell.module.css";
import { type Entry, useAlerts, useSeen } from "./alerts";

/** Limits that crossed a threshold, and anomalies: how many are new, and on a click all of them, each leading to its page. */
export function AlertBell() {
  const [isOpen, { toggle, close }] = useDisclosure();
  const { pathname } = useLocation();
  const { entries, isKnown, hasNextPage, fetchNextPage, isFetchingNextPage } = useAlerts();
  const { seen, see } = useSeen(entries[0]?.at);
  const newest = entries[0]?.at;
  const fresh = entries.filter((one) => one.at > seen).length;
  // biome-ignore lint/correctness/useExhaustiveDependencies: it closes when the address changes
  useEffect(close, [pathname]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what comes while the list is open is seen too
  useEffect(() => {
    if (isOpen) see();
  }, [isOpen, newest]);
  const label = fresh ? `Alerts, ${fresh} new` : "Alerts";
  return (
    <Popover
      opened={isOpen}
      onDismiss={close}
      width={360}
      position="bottom-end"
      shadow="md"
      trapFocus
    >
      <Popover.Target>
        <ActionIcon
          variant="subtle"
          color="gray"
          c="inherit"
          size="lg"
          className={classes.bell}
          aria-label={label}
          onClick={toggle}
        >
          <IconBell size={18} stroke={1.7} />
          {fresh > 0 && (
            <span className={classes.fresh} aria-hidden>
              {fresh > 99 ? "99+" : fresh}
            </span>
          )}
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown p={0} aria-label="Alerts">
        <div className={classes.head}>
          Budgets, caps and anomalies
          <Files entries={entries} />
        </div>
        {isKnown && entries.length === 0 ? (
          <Nothing />
        ) : (
          <ScrollArea.Autosize mah={420} type="auto">
            <ul className={classes.list}>
              {entries.map(({ alert, anomaly }) =>
                anomaly ? (
                  <AnomalyLine key={anomaly.anomaly_id} anomaly={anomaly} />
                ) : (
                  alert && <Line key={alert.alert_id} alert={alert} />
                ),
              )}
            </ul>
            {hasNextPage && (
              <Button
                variant="subtle"
                fullWidth
                loading={isFetchingNextPage}
                onClick={() => fetchNextPage()}
              >
                Show earlier ones
              </Button>
            )}
          </ScrollArea.Autosize>
        )}
      </Popover.Dropdown>
    </Popover>
  );
}

/** Of each list that the bell puts together one: limits, and anomalies. */
function Files({ entries }: { entries: readonly Entry[] }) {
  const hasLimits = entries.some(({ alert }) => alert);
  const hasAnomalies = entries.some(({ anomaly }) => anomaly);
  return (
    <span className={classes.files}>
      {hasLimits && (
        <CsvLink path="/v1/alerts" of="alerts" label={hasAnomalies ? "Limits" : undefined} />
      )}
      {hasAnomalies && (
        <CsvLink path="/v1/anomalies" of="anomalies" label={hasLimits ? "Anomalies" : undefined} />
      )}
    </span>
  );
}

function Line({ alert }: { alert: Alert }) {
  const level = levelOf(alert.threshold);
  const Icon = level === "over" ? IconBan : level === "near" ? IconAlertTriangle : IconGauge;
  return (
    <li>
      <Link
        to={`/promotions/${encodeURIComponent(alert.promotion_id)}`}
        className={classes.line}
        data-level={level}
      >
        <Icon size={18} stroke={1.8} aria-hidden />
        <span>
          <span className={classes.name}>{alert.promotion_name}</span>
          <span className={classes.what}>{said(alert)}</span>
          <span className={classes.at}>
            <Ago at={alert.raised_at} />
          </span>
        </span>
      </Link>
    </li>
  );
}

function AnomalyLine({ anomaly }: { anomaly: Anomaly }) {
  const Icon = anomaly.direction === "drop" ? IconTrendingDown : IconTrendingUp;
  const isOver = anomaly.ended_at !== null;
  return (
    <li>
      <Link
        to={addressOf(anomaly)}
        className={classes.line}
        data-level={isOver ? undefined : "over"}
      >
        <Icon size={18} stroke={1.8} aria-hidden />
        <span>
          <span className={classes.name}>{anomaly.promotion_name ?? anomaly.source}</span>
          <span className={classes.what}>
            {aboutOf(anomaly)}: {causeOf(anomaly)}
          </span>
          <span className={classes.at}>
            <Ago at={anomaly.found_at} />
            {isOver && ", over"}
          </span>
        </span>
      </Link>
    </li>
  );
}

const OF: Record<string, string> = {
  daily: "the day's",
  weekly: "the week's",
  monthly: "the month's",
};

/** "80% of the week's budget, €3,300", "All of the assignments, 500, tier gold". */
function said(alert: Alert): string {
  const part = alert.threshold >= 100 ? "All" : `${alert.threshold}%`;
  const name = limitName({ ...alert, window: "lifetime", tier_id: null }).toLowerCase();
  const amount = limitAmount(alert, alert.limit, alert.currency);
  const tier = alert.tier_id ? `, tier ${alert.tier_id}` : "";
  return `${part} of ${OF[alert.window] ?? "the"} ${name}, ${amount}${tier}`;
}

function Nothing() {
  return (
    <Text size="sm" c="dimmed" p="md">
      Nothing yet. Whenever a limit reaches 50, 80, 90 or 100%, or redemptions drop or leap against
      what is expected, it is told here.
    </Text>
  );
}
