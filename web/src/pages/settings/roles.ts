import type { Role } from "../../api/types";

interface Told {
  role: Role;
  label: string;
  /** What it may do. */
  about: string;
}

/** The four roles, from the one that may least. */
export const ROLES: readonly Told[] = [
  {
    role: "viewer",
    label: "Viewer",
    about: "Sees promotions, figures, breakdowns and problems.",
  },
  {
    role: "marketer",
    label: "Marketer",
    about: "Also creates and changes promotions, imports files and sends problems through again.",
  },
  {
    role: "developer",
    label: "Developer",
    about: "Also connects systems, makes and revokes keys, and sets up webhooks.",
  },
  {
    role: "admin",
    label: "Administrator",
    about: "Also manages users and changes the workspace's settings.",
  },
];

export const roleOf = (role: Role): Told =>
  ROLES.find((one) => one.role === role) ?? (ROLES[0] as Told);

/** What people may do, and the scope that lets them. */
export const ABILITIES: readonly { scope: string; about: string }[] = [
  { scope: "reports:read", about: "See promotions, figures, breakdowns and problems" },
  { scope: "promotions:write", about: "Create and change promotions" },
  { scope: "redemptions:write", about: "Import redemptions, and send problems through again" },
  { scope: "assignments:write", about: "Import assignments and customers" },
  { scope: "integrations", about: "Connect systems, make and revoke keys, set up webhooks" },
  { scope: "admin", about: "Manage users and the workspace's settings" },
];
