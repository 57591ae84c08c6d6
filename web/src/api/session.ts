import { onlineManager, useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, useContext } from "react";
import { ApiError, api } from "./client";
import type { Session } from "./types";

const KEY = ["session"];

/** Who is signed in; null for nobody. */
export function useSignedIn() {
  return useQuery({
    queryKey: KEY,
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: ({ signal }) =>
      api<Session>("/v1/session", { signal }).catch((error: unknown) => {
        if (error instanceof ApiError && error.status === 401) return null;
        throw error;
      }),
  });
}

/** Given by the shell, so that no page is drawn once more with nobody signed in, moments before it goes. */
export const SignedIn = createContext<Session | null>(null);

/** The session of whoever looks at this page; the shell shows pages only to those signed in. */
export function useSession(): Session {
  const session = useContext(SignedIn);
  if (!session) throw new Error("no page is shown before signing in");
  return session;
}

/** Whether the session may do something (a scope such as `promotions:write`). */
export function useMay(scope: string): boolean {
  const { scopes } = useSession();
  return scopes.includes(scope) || scopes.includes("admin");
}

/** Signing in and out. Both forget everything that was read before. */
export function useSigning() {
  const queries = useQueryClient();
  return {
    async signIn(email: string, password: string): Promise<void> {
      const session = await api<Session>("/v1/session", {
        method: "POST",
        body: { email, password },
      });
      queries.setQueryData(KEY, session);
    },
    async signOut(): Promise<void> {
      const online = onlineManager.isOnline();
      const forget = () =>
        queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== KEY[0] });
      onlineManager.setOnline(false); // what the page asks meanwhile would be refused: it waits
      try {
        await queries.cancelQueries();
        await api("/v1/session", { method: "DELETE" });
        queries.setQueryData(KEY, null); // first, so that nobody asks anew for what is forgotten now
        forget();
        await new Promise((drawn) => setTimeout(drawn)); // until then the page may ask once more
        forget();
      } finally {
        onlineManager.setOnline(online);
      }
    },
  };
}
