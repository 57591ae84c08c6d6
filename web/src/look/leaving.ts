import { router } from "../routes";

/**
 * Whether another page than the one that is drawn is being loaded, or is there and not drawn yet, asked of the router
 * itself: what was typed a moment ago must not call one back from there. `drawn`: the path of `useLocation`.
 */
export function isLeaving(drawn: string): boolean {
  const { navigation, location } = router.state;
  return (navigation.location ?? location).pathname !== drawn;
}
