/** Requests that work as they are: the address, the key and the ids are real. */

export interface SampleEvent {
  event_id: string;
  promotion_id: string;
  customer_id: string;
  redeemed_at: string;
}

export interface Sample {
  origin: string;
  key: string;
  event: SampleEvent;
  /** Tried out: answered like any other, and nothing is counted. */
  isTest: boolean;
}

export const LANGUAGES = [
  { id: "curl", label: "curl" },
  { id: "python", label: "Python" },
  { id: "javascript", label: "JavaScript" },
  { id: "file", label: "File" },
] as const;

export type Language = (typeof LANGUAGES)[number]["id"];

/** What stands where the key is not known any more. */
export const NO_KEY = "YOUR_KEY";

export const snippet = (language: Language, sample: Sample): string => WRITTEN[language](sample);

const WRITTEN: Record<Language, (sample: Sample) => string> = { curl, python, javascript, file };

function curl({ origin, key, event, isTest }: Sample): string {
  return `curl -X POST ${shell(`${origin}/v1/redemptions${isTest ? "?dry_run=true" : ""}`)} \\
  -H ${shell(`Authorization: Bearer ${key}`)} \\
  -H 'Content-Type: application/json' \\
  -d ${shell(JSON.stringify(event, null, 2).replaceAll("\n", "\n  "))}
`;
}

function python({ origin, key, event, isTest }: Sample): string {
  const params = isTest ? '\n    params={"dry_run": "true"},' : "";
  return `import requests
from datetime import datetime, timezone

answer = requests.post(
    ${text(`${origin}/v1/redemptions`)},${params}
    headers={"Authorization": ${text(`Bearer ${key}`)}},
    json={
        "event_id": ${text(event.event_id)},
        "promotion_id": ${text(event.promotion_id)},
        "customer_id": ${text(event.customer_id)},
        "redeemed_at": datetime.now(timezone.utc).isoformat(),
    },
    timeout=10,
)
print(answer.status_code, answer.json())
`;
}

function javascript({ origin, key, event, isTest }: Sample): string {
  return `const answer = await fetch(
  ${text(`${origin}/v1/redemptions${isTest ? "?dry_run=true" : ""}`)},
  {
    method: "POST",
    headers: {
      "Authorization": ${text(`Bearer ${key}`)},
      "Content-Type": "application/json",
    },
    body: JSON.stringify({
      event_id: ${text(event.event_id)},
      promotion_id: ${text(event.promotion_id)},
      customer_id: ${text(event.customer_id)},
      redeemed_at: new Date().toISOString(),
    }),
  },
);
console.log(answer.status, await answer.json());
`;
}

function file({ origin, key, event, isTest }: Sample): string {
  const address = isTest ? "/v1/redemptions?dry_run=true" : "/v1/imports?kind=redemptions";
  const names = ["event_id", "promotion_id", "customer_id", "redeemed_at"] as const;
  return `cat > redemptions.csv <<'END'
${names.join(",")}
${names.map((name) => cell(event[name])).join(",")}
END

curl -X POST ${shell(`${origin}${address}`)} \\
  -H ${shell(`Authorization: Bearer ${key}`)} \\
  -H 'Content-Type: text/csv' \\
  --data-binary @redemptions.csv
`;
}

const text = (value: string): string => JSON.stringify(value);
const shell = (value: string): string => `'${value.replaceAll("'", "'\\''")}'`;
const cell = (value: string): string =>
  /[",\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
