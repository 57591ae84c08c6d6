import { QueryCache, QueryClient } from "@tanstack/react-query";
import { ApiError } from "./client";

/** What the page remembers of the API. The live stream keeps figures true, so nothing is asked for on focus. */
export const queries = new QueryClient({
  queryCache: new QueryCache({ onError: signedOutBy }),
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      refetchOnWindowFocus: false,
      retry: (times, error) => times < 2 && isPassing(error),
    },
    // What is pressed without a network is told so at once, and not done later, unseen.
    mutations: { networkMode: "always" },
  },
});

/** Whether a failure may be gone the next time: the network, or a server that is busy. */
function isPassing(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 0 || error.status >= 500);
}

/** A session that has ended elsewhere leads to the sign-in page, whatever was asked for. */
function signedOutBy(error: unknown): void {
  if (error instanceof ApiError && error.status === 401) queries.setQueryData(["session"], null);
}
