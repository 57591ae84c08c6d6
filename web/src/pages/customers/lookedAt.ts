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
  const kept = [customerId, ...lookedAt().filter((one) => one !== customerId)].slice(0, MOST);
  try {
    sessionStorage.setItem(KEY, JSON.stringify(kept));
  } catch {
    // a browser that keeps nothing still shows the customer
  }
}
