import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api } from "../../../api/client";
import type { Delivery, NewWebhook, Webhook } from "../../../api/types";
import { sentence } from "../../../format";
import { tell } from "../../../look/tell";

/** What is read and changed of webhooks: where the product tells others. */

export interface WantedWebhook {
  url: string;
  events: string[];
  description: string;
}

/** How a webhook stands is asked for this often: whoever receives may begin to fail at any time. */
const LOOK_MS = 5_000;

/** All that is known of webhooks and what was sent to them begins with this. */
export const WEBHOOKS = "webhooks";

export const webhookPath = (id: string, ...rest: string[]) =>
  ["/v1/webhooks", encodeURIComponent(id), ...rest].join("/");

/** All webhooks, without their secrets; for those who may see them. */
export function useWebhooks(mayRead: boolean) {
  return useQuery({
    queryKey: [WEBHOOKS],
    enabled: mayRead,
    refetchInterval: LOOK_MS,
    queryFn: ({ signal }) =>
      api<{ items: Webhook[] }>("/v1/webhooks", { signal }).then(({ items }) => items),
  });
}

/** Something that is done with webhooks; all that is shown of them is asked for anew. */
function useDone<Wanted, Answer>(mutationFn: (wanted: Wanted) => Promise<Answer>) {
  const queries = useQueryClient();
  return useMutation({
    gcTime: 0, // a secret is not kept longer than it is looked at
    mutationFn,
    onSuccess: () => queries.invalidateQueries({ queryKey: [WEBHOOKS] }),
  });
}

/** Something that is done without asking. It is told here, for the button may be gone once it is done. */
function useDoneAtOnce(does: () => Promise<unknown>, said: string) {
  const { mutate, isPending } = useDone<void, unknown>(() =>
    does().then(
      () => tell(said),
      (error: Error) => tell(sentence(error.message), "bad"),
    ),
  );
  return { start: () => mutate(), isPending };
}

/** Adds a webhook. Its secret is in the answer and nowhere else. */
export const useAddWebhook = () =>
  useDone((body: WantedWebhook) => api<NewWebhook>("/v1/webhooks", { method: "POST", body }));

export const useChangeWebhook = (id: string) =>
  useDone((body: Partial<WantedWebhook & { enabled: boolean }>) =>
    api<Webhook>(webhookPath(id), { method: "PATCH", body }),
  );

/** Deletes a webhook. It leaves the list at once, so that nobody asks for what was sent to it. */
export function useRemoveWebhook() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => api(webhookPath(id), { method: "DELETE" }),
    onSuccess: (_, id) => {
      queries.setQueryData<Webhook[]>([WEBHOOKS], (all) =>
        all?.filter(({ webhook_id }) => webhook_id !== id),
      );
      return queries.invalidateQueries({ queryKey: [WEBHOOKS], exact: true });
    },
  });
}

/** Gives a webhook another secret; the one before signs for 24 more hours. */
export const useNewSecret = () =>
  useDone((id: string) => api<NewWebhook>(webhookPath(id, "rotate"), { method: "POST" }));

/** Sends a ping. */
export const useTest = ({ webhook_id: id }: Webhook) =>
  useDoneAtOnce(
    () => api<Delivery>(webhookPath(id, "test"), { method: "POST" }),
    "A test is on its way.",
  );

export const useEnabling = ({ webhook_id: id }: Webhook) =>
  useDoneAtOnce(
    () => api<Webhook>(webhookPath(id), { method: "PATCH", body: { enabled: true } }),
    "The webhook is enabled. What waited is sent.",
  );

/** Sends a message once more, under the same id. */
export const useResend = ({ webhook_id: id }: Webhook, { delivery_id }: Delivery) =>
  useDoneAtOnce(
    () =>
      api<Delivery>(webhookPath(id, "deliveries", encodeURIComponent(delivery_id), "resend"), {
        method: "POST",
      }),
    "The message is sent once more.",
  );
