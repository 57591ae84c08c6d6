import { Link } from "react-router";
import type { Delivery } from "../../../api/types";
import { useAlerts } from "../../../shell/alerts";
import { addressOf as addressOfAnomaly, useAnomalies } from "../../anomalies/anomalies";
import { sourceAddress } from "../../integrations/sources";

/** What a message is about: an event, a source or a limit. */
export function AboutDelivery({ delivery }: { delivery: Delivery }) {
  const { event_id, source, alert_id, anomaly_id } = delivery;
  if (anomaly_id) return <AboutAnomaly id={anomaly_id} />;
  if (alert_id) return <AboutAlert id={alert_id} />;
  const from = source && <Link to={sourceAddress(source)}>{source}</Link>;
  if (event_id)
    return (
      <>
        Event <code>{event_id}</code>
        {from && <> from {from}</>}
      </>
    );
  return from || "Somebody asked for it";
}

function AboutAnomaly({ id }: { id: string }) {
  const { data } = useAnomalies();
  const all = data?.pages.flatMap(({ items }) => items) ?? [];
  const anomaly = all.find(({ anomaly_id }) => anomaly_id === id);
  if (!anomaly)
    return (
      <>
        Anomaly <code>{id}</code>
      </>
    );
  return (
    <>
      Anomaly of{" "}
      <Link to={addressOfAnomaly(anomaly)}>{anomaly.promotion_name ?? anomaly.source}</Link>
    </>
  );
}

/** The alerts of the bell are read already; an older one is said by its id. */
function AboutAlert({ id }: { id: string }) {
  const { all } = useAlerts();
  const alert = all.find(({ alert_id }) => alert_id === id);
  if (!alert)
    return (
      <>
        Alert <code>{id}</code>
      </>
    );
  const { promotion_id, promotion_name, threshold } = alert;
  return (
    <>
      {threshold}% of a limit of{" "}
      <Link to={`/promotions/${encodeURIComponent(promotion_id)}`}>{promotion_name}</Link>
    </>
  );
}
