import { IconUserSearch } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { Link } from "react-router";
import { Empty } from "../../look/Empty";
import { FindById } from "../../look/FindById";
import { PageHeader } from "../../look/PageHeader";
import { Section } from "../../look/Section";
import { Surface } from "../../look/Surface";
import { customerAddress } from "../decisioning/addresses";
import { lookedAt } from "./lookedAt";

/** Finds a customer by id; those looked at lately are a click away. */
export function Component() {
  const [latest, setLatest] = useState<string[]>([]);
  useEffect(() => setLatest(lookedAt()), []);
  return (
    <>
      <PageHeader
        title="Customers"
        about="What happened to one customer: what they were given, what they redeemed, and what was decided for them."
      />
      <Surface>
        <Empty
          icon={IconUserSearch}
          title="Find a customer"
          why="By the id your systems use. Ids are told exactly, capitals included."
        >
          <FindById label="Customer id" address={customerAddress} isFirst />
        </Empty>
      </Surface>
      {latest.length > 0 && (
        <div style={{ marginTop: 16 }}>
          <Section title="Looked at lately">
            <ul style={{ margin: 0, paddingLeft: 18, fontSize: 14, lineHeight: 1.8 }}>
              {latest.map((id) => (
                <li key={id}>
                  <Link to={customerAddress(id)}>{id}</Link>
                </li>
              ))}
            </ul>
          </Section>
        </div>
      )}
    </>
  );
}
