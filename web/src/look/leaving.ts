import { router } from "../routes";

/**
 * Whether another page is being loaded, asked of the router itself: what was typed a moment ago must not call one back
 * from there, and a component may not have been drawn anew since.
 */
export function isLeaving(): boolean {
  const { navigation, location } = router.state;
  return navigation.location !== undefined && navigation.location.pathname !== location.pathname;
}
