import { useInfiniteQuery } from "@tanstack/react-query";
import { ApiError, api, url } from "../../api/client";
import type { Import, ImportPage } from "../../api/types";

const PAGE = 25;
/** While a file runs, how far it is is asked for this often. */
const LOOK_MS = 1_000;

export const isUnderWay = (one: Import) => one.state === "running" || one.state === "waiting";

/** Files sent, the newest first; asked for anew every second while one of them runs. */
export function useImports() {
  return useInfiniteQuery({
    queryKey: ["imports", "list"],
    initialPageParam: "",
    queryFn: ({ pageParam: cursor, signal }) =>
      api<ImportPage>("/v1/imports", { query: { cursor, limit: PAGE }, signal }),
    getNextPageParam: (page) => page.next ?? undefined,
    refetchInterval: ({ state }) =>
      state.data?.pages.some((page) => page.items.some(isUnderWay)) ? LOOK_MS : false,
  });
}

export const KINDS = ["redemptions", "assignments", "customers", "promotions"] as const;
export type Kind = (typeof KINDS)[number];

/** What a file of a kind holds, and the header of a CSV template. */
export const ABOUT: Record<Kind, { holds: string; header: string }> = {
  redemptions: {
    holds: "Who used which promotion, and when.",
    header:
      "event_id,promotion_id,customer_id,redeemed_at,promo_code,reward_value,currency,order_id,order_value,channel",
  },
  assignments: {
    holds: "Who was given which promotion.",
    header:
      "assignment_id,promotion_id,customer_id,assigned_at,campaign_id,tier_id,segment,channel,promo_code,reward_value,currency,expires_at",
  },
  customers: {
    holds: "Who your customers are; redemptions of others wait.",
    header: "customer_id,segments,attributes",
  },
  promotions: {
    holds: "Promotions with their rewards and limits.",
    header:
      "promotion_id,name,kind,status,code,starts_at,ends_at,reward_type,reward_currency,reward_value",
  },
};

const TYPES: Record<string, string> = {
  csv: "text/csv",
  json: "application/json",
  ndjson: "application/x-ndjson",
  jsonl: "application/x-ndjson",
  parquet: "application/vnd.apache.parquet",
};
const ENCODINGS: Record<string, string> = { gz: "gzip", zst: "zstd" };

/** The content type and encoding of a file by its name ("x.csv.gz"); undefined where it is none we take. */
export function formOf(name: string): { type: string; encoding?: string } | undefined {
  const parts = name.toLowerCase().split(".");
  const encoding = ENCODINGS[parts.at(-1) ?? ""];
  const type = TYPES[(encoding ? parts.at(-2) : parts.at(-1)) ?? ""];
  return type ? { type, encoding } : undefined;
}

/** Sends a file; `sent` hears the share that has gone. Throws ApiError. (`fetch` cannot tell how far it is.) */
export function upload(kind: Kind, file: File, sent: (part: number) => void): Promise<Import> {
  const form = formOf(file.name);
  return new Promise((resolve, reject) => {
    if (!form) throw new ApiError(0, "form", "Choose a .csv, .json, .ndjson or .parquet file.");
    const request = new XMLHttpRequest();
    request.open("POST", url("/v1/imports", { kind, name: file.name }));
    request.setRequestHeader("Content-Type", form.type);
    request.setRequestHeader("X-Promosight", "1");
    if (form.encoding) request.setRequestHeader("Content-Encoding", form.encoding);
    request.responseType = "json";
    request.upload.onprogress = ({ loaded, total }) => sent(loaded / Math.max(total, 1));
    request.onerror = () => reject(new ApiError(0, "offline", "The server cannot be reached."));
    request.onload = () => {
      const said = request.response;
      if (request.status < 300) resolve(said);
      else
        reject(new ApiError(request.status, said?.code ?? "", said?.detail ?? "It was refused."));
    };
    request.send(file);
  });
}
