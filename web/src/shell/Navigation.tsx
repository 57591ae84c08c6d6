import {
  IconAlertTriangle,
  IconFileImport,
  IconPlugConnected,
  IconRoute,
  IconSettings,
  IconTicket,
  IconUsers,
} from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { NavLink } from "react-router";
import { api } from "../api/client";
import type { ProblemCount } from "../api/types";
import { compact } from "../format";
import classes from "./Shell.module.css";

const GROUPS = [
  {
    heading: "Plan",
    links: [
      { to: "/promotions", label: "Promotions", icon: IconTicket },
      { to: "/decisioning", label: "Decisioning", icon: IconRoute },
      { to: "/customers", label: "Customers", icon: IconUsers },
    ],
  },
  {
    heading: "Data",
    links: [
      { to: "/integrations", label: "Integrations", icon: IconPlugConnected },
      { to: "/problems", label: "Problems", icon: IconAlertTriangle },
      { to: "/batches", label: "Batches", icon: IconFileImport },
    ],
  },
  { heading: "Workspace", links: [{ to: "/settings", label: "Settings", icon: IconSettings }] },
];

/** Where one can go. */
export function Navigation() {
  const problems = useProblemCount();
  return GROUPS.map(({ heading, links }) => (
    <div key={heading}>
      <div className={classes.heading}>{heading}</div>
      {links.map(({ to, label, icon: Icon }) => (
        <NavLink key={to} to={to} className={classes.link}>
          <Icon size={18} stroke={1.7} aria-hidden />
          {label}
          {to === "/problems" && problems > 0 && (
            <span className={classes.badge}>
              {compact(problems)}
              <span className="only-read-aloud"> to look at</span>
            </span>
          )}
        </NavLink>
      ))}
    </div>
  ));
}

function useProblemCount(): number {
  const { data } = useQuery({
    queryKey: ["problems", "counts"],
    queryFn: ({ signal }) =>
      api<{ counts: ProblemCount[] }>("/v1/problems", { query: { limit: 1 }, signal }),
  });
  return data?.counts.reduce((sum, one) => sum + one.count, 0) ?? 0;
}
