import { Anchor } from "@mantine/core";
import { Surface } from "../../look/Surface";
import classes from "./integrations.module.css";

const LINKS = [
  { href: "/docs", label: "API reference", about: "every call, with examples" },
  { href: "/openapi.json", label: "OpenAPI document", about: "for tools and generated clients" },
  {
    href: "/schemas/redemption.json",
    label: "Schema of a redemption",
    about: "JSON Schema of the event",
  },
  {
    href: "/schemas/assignment.json",
    label: "Schema of an assignment",
    about: "JSON Schema of what was given to whom",
  },
];

/** What developers read before they send: the API's reference and the schemas of what is reported. */
export function Reference() {
  return (
    <Surface padded>
      <nav aria-label="For developers">
        <h2 className={classes.heading}>For developers</h2>
        <ul className={classes.links}>
          {LINKS.map(({ href, label, about }) => (
            <li key={href}>
              <Anchor href={href} size="sm" fw={600} target="_blank" rel="noreferrer">
                {label}
              </Anchor>
              <span className={classes.small}>{about}</span>
            </li>
          ))}
        </ul>
      </nav>
    </Surface>
  );
}
