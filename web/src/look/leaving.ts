import { useEffect, useRef } from "react";
import { useNavigation } from "react-router";

/** Whether another page is being loaded: what was typed a moment ago must not call one back from there. */
export function useLeaving() {
  const { state } = useNavigation();
  const leaving = useRef(false);
  useEffect(() => {
    leaving.current = state !== "idle";
  }, [state]);
  return leaving;
}
