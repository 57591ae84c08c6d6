import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api } from "../../api/client";
import type { Role, User } from "../../api/types";

/** What is read and changed of users: the people of the workspace. */

export interface WantedUser {
  email: string;
  name: string;
  role: Role;
  password: string;
}

export type UserChange = Partial<Omit<WantedUser, "email">>;

/** The shortest password the API takes. */
export const SHORTEST_PASSWORD = 10;

const KEY = ["users"];
const path = (email: string) => `/v1/users/${encodeURIComponent(email)}`;

/** The users, for administrators. */
export function useUsers(mayRead: boolean) {
  return useQuery({
    queryKey: KEY,
    enabled: mayRead,
    queryFn: ({ signal }) =>
      api<{ items: User[] }>("/v1/users", { signal }).then(({ items }) => items),
  });
}

export function useAddUser() {
  const queries = useQueryClient();
  return useMutation({
    gcTime: 0, // no password is kept
    mutationFn: (wanted: WantedUser) => api<User>("/v1/users", { method: "POST", body: wanted }),
    onSuccess: () => queries.invalidateQueries({ queryKey: KEY }),
  });
}

/** Another role or password signs the user out everywhere; who changes their own is asked to sign in again. */
export function useChangeUser(email: string) {
  const queries = useQueryClient();
  return useMutation({
    gcTime: 0,
    mutationFn: (change: UserChange) => api<User>(path(email), { method: "PATCH", body: change }),
    onSuccess: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey: KEY }),
        queries.invalidateQueries({ queryKey: ["session"] }),
      ]),
  });
}

export function useRemoveUser() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (email: string) => api(path(email), { method: "DELETE" }),
    onSuccess: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey: KEY }),
        queries.invalidateQueries({ queryKey: ["session"] }),
      ]),
  });
}
