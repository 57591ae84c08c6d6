import { useLocation, useNavigation } from "react-router";

/** Whether another page is being loaded: what was typed a moment ago must not call one back from there. */
export function useIsLeaving(): boolean {
  const { pathname } = useLocation();
  const { location } = useNavigation();
  return location !== undefined && location.pathname !== pathname;
}
