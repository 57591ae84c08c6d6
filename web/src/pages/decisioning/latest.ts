import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { ApiError, url } from "../../api/client";

/** A line of the log, as far as the list shows it. */
export interface LoggedDecision {
  decision_id: string;
  customer_id: string;
  decided_at: string;
  mode: string;
  promotion_id: string | null;
  tier_id: string | null;
  propensity: number;
  probability: number | null;
  explored: boolean;
  redeemed: number;
}

const SHOWN = 25;
/** The log is read from the past on, so a span is tried that holds a screenful, and a longer one where it does not. */
const SPANS_S = [60, 3_600, 86_400, 30 * 86_400];
const MOST = 400;

/** The latest decisions, newest first; of very many a minute, some of the latest. */
export function useLatest(lastAt: string | undefined) {
  return useQuery({
    queryKey: ["decisioning", "latest", lastAt],
    enabled: lastAt !== undefined,
    queryFn: ({ signal }) => latest(lastAt ?? "", signal),
    placeholderData: keepPreviousData,
  });
}

async function latest(lastAt: string, signal: AbortSignal): Promise<LoggedDecision[]> {
  let found: LoggedDecision[] = [];
  for (const span of SPANS_S) {
    found = await since(new Date(Date.parse(lastAt) - span * 1_000), signal);
    if (found.length >= SHOWN) break;
  }
  return found.reverse().slice(0, SHOWN);
}

async function since(from: Date, signal: AbortSignal): Promise<LoggedDecision[]> {
  const address = url("/v1/decisioning/log", { format: "ndjson", from: from.toISOString() });
  const response = await fetch(address, { signal });
  if (!response.ok || !response.body)
    throw new ApiError(response.status, "unknown", "The log could not be read.");
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const found: LoggedDecision[] = [];
  let rest = "";
  while (found.length < MOST) {
    const { done, value } = await reader.read();
    if (done) break;
    const lines = (rest + value).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line) found.push(JSON.parse(line) as LoggedDecision);
  }
  await reader.cancel();
  return found;
}
