import { Outlet } from "react-router";

/** Not built yet on this branch. */
export function Component() {
  return <Outlet />;
}
