import { useRouteError } from "react-router";
import { Failure } from "../look/Failure";

/** Shown in place of a page that failed, or could not be loaded after an update of the server. */
export function Broken() {
  const error = useRouteError();
  return <Failure error={error} again={() => window.location.reload()} />;
}
