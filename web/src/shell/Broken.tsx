import { useEffect, useRef, useState } from "react";
import { useRouteError } from "react-router";
import { ApiError } from "../api/client";
import { useStreamState } from "../api/live";
import { Failure } from "../look/Failure";

/** Shown in place of a page that failed, or could not be loaded: the server is away, or was updated meanwhile. */
export function Broken() {
  const error = useRouteError();
  const [away, setAway] = useState<ApiError>();
  useLoadedOnceBack();
  const again = async () => setAway(await loadAgain());
  return <Failure error={away ?? error} again={again} />;
}

/** Loads the page again if the server can be reached: if not, the browser would show a page of its own. */
async function loadAgain(): Promise<ApiError | undefined> {
  try {
    await fetch("/healthz", { cache: "no-store" });
  } catch {
    return new ApiError(0, "offline", "This page is loaded as soon as it can be.");
  }
  window.location.reload();
}

/** A page that could not be loaded is kept as such by the router: it is loaded anew once the stream is back. */
function useLoadedOnceBack(): void {
  const state = useStreamState();
  const wasLost = useRef(false);
  useEffect(() => {
    if (state === "lost") wasLost.current = true;
    else if (state === "live" && wasLost.current) window.location.reload();
  }, [state]);
}
