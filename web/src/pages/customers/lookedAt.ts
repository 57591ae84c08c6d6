/** Customers somebody looked at in this tab: kept with the tab, since an id is about a person. */
const KEY = "promosight-customers";
const MOST = 8;

export function lookedAt(): string[] {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
    return Array.isArray(kept) ? kept.filter((one) => typeof one === "string") : [];
  } catch {
    return [];
  }
}

export function rememberLooked(customerId: string): void {
  keep([customerId, ...others(customerId)].slice(0, MOST));
}

/** Of somebody who was erased nothing stays here either. */
export function forgetLooked(customerId: string): void {
  keep(others(customerId));
}

const others = (customerId: string) => lookedAt().filter((one) => one !== customerId);

function keep(ids: string[]): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(ids));
  } catch {
    // a browser that keeps nothing still shows the customer
  }
}
