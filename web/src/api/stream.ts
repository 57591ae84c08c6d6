/**
 * One stream of changes for the whole browser, however many tabs are open.
 *
 * A browser opens six connections to a host, so a stream in each tab would starve the seventh. The tab that holds a
 * lock reads the stream and tells the others over a channel; when it closes, the next one takes over where it left.
 */

export type StreamState = "connecting" | "live" | "lost";

/** `figures` and `changed` as the API sends them; `state` of the stream; `gap`: something may have been missed. */
export interface StreamMessage {
  event: "figures" | "changed" | "state" | "gap";
  id: string;
  data: string;
}

type Listener = (message: StreamMessage) => void;

const ASK = "ask";
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;

/** Listens until the returned function is called. `name` tells workspaces apart. */
export function listen(name: string, listener: Listener): () => void {
  const stopping = new AbortController();
  const channel = new BroadcastChannel(`promosight-stream-${name}`);
  let lastId = "";
  let state: StreamMessage | undefined; // known to the tab that reads
  const hear = (message: StreamMessage) => {
    if (message.id) lastId = message.id;
    listener(message);
  };
  channel.onmessage = (sent: MessageEvent<StreamMessage | typeof ASK>) => {
    if (sent.data !== ASK) hear(sent.data);
    else if (state) channel.postMessage({ ...state, id: lastId });
  };
  channel.postMessage(ASK);
  const tell = (message: StreamMessage) => {
    if (message.event === "state") state = message;
    channel.postMessage(message);
    hear(message);
  };
  const read = () => readStream(() => lastId, tell, stopping.signal);
  if (navigator.locks) {
    navigator.locks
      .request(`promosight-stream-${name}`, { signal: stopping.signal }, read)
      .catch(() => undefined); // stopped while waiting for its turn
  } else read(); // plain http on a network: no locks, a stream in each tab
  return () => {
    stopping.abort();
    channel.close();
  };
}

/** Reads the stream, and again from where it broke off, until aborted. */
async function readStream(
  lastId: () => string,
  tell: Listener,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) return;
  let wait = FIRST_WAIT_MS;
  let source: EventSource;
  let timer: ReturnType<typeof setTimeout>;
  const state = (data: StreamState) => tell({ event: "state", id: "", data });

  function open() {
    const from = lastId();
    source = new EventSource(`/v1/stream${from && `?last_event_id=${encodeURIComponent(from)}`}`);
    source.onopen = () => {
      wait = FIRST_WAIT_MS;
      state("live");
    };
    source.onerror = () => {
      lose(); // we wait ourselves, so that a refusal is tried again as well
      timer = setTimeout(open, wait * (0.75 + Math.random() / 2));
      wait = Math.min(wait * 2, LONGEST_WAIT_MS);
    };
    source.addEventListener("hello", ({ lastEventId: id, data }) => {
      if (!JSON.parse(data).resumed) tell({ event: "gap", id, data: "" });
    });
    for (const event of ["figures", "changed"] as const)
      source.addEventListener(event, ({ lastEventId: id, data }) => tell({ event, id, data }));
  }

  function lose() {
    clearTimeout(timer);
    source.close();
    state("lost");
  }

  function reopen() {
    lose();
    wait = FIRST_WAIT_MS;
    open();
  }

  open();
  // A network that goes away may leave the connection silent for minutes before it is called broken.
  window.addEventListener("offline", lose, { signal });
  window.addEventListener("online", reopen, { signal });
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      source.close();
      resolve();
    });
  });
}
