import type { createBrowserRouter } from "react-router";

type Router = ReturnType<typeof createBrowserRouter>;

let followed: Router | null = null;

/** Says whom to ask. (The router knows every page, so none of them may know it.) */
export function follow(router: Router) {
  followed = router;
}

/**
 * Whether another page than the one that is drawn is being loaded, or is there and not drawn yet, asked of the router
 * itself: what was typed a moment ago must not call one back from there. `drawn`: the path of `useLocation`.
 */
export function isLeaving(drawn: string): boolean {
  if (!followed) return false;
  const { navigation, location } = followed.state;
  return (navigation.location ?? location).pathname !== drawn;
}
