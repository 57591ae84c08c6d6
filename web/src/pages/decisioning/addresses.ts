/** Where one decision and one customer are shown. */
export const decisionAddress = (decisionId: string): string =>
  `/decisioning/decisions/${encodeURIComponent(decisionId)}`;
export const customerAddress = (customerId: string): string =>
  `/customers/${encodeURIComponent(customerId)}`;
