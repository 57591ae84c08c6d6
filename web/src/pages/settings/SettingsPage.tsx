import { Skeleton, Tabs } from "@mantine/core";
import { lazy, Suspense } from "react";
import { useSearchParams } from "react-router";
import { PageHeader } from "../../look/PageHeader";
import { AccountTab } from "./AccountTab";
import { AuditTab } from "./AuditTab";
import { KeysTab } from "./KeysTab";
import { PrivacyTab } from "./PrivacyTab";
import { UsersTab } from "./UsersTab";
import { WorkspaceTab } from "./WorkspaceTab";

const WebhooksTab = lazy(() =>
  import("./webhooks/WebhooksTab").then((tab) => ({ default: tab.WebhooksTab })),
);

const TABS = [
  { id: "workspace", label: "Workspace", shown: WorkspaceTab },
  { id: "users", label: "Users", shown: UsersTab },
  { id: "keys", label: "Keys", shown: KeysTab },
  { id: "webhooks", label: "Webhooks", shown: WebhooksTab },
  { id: "privacy", label: "Privacy", shown: PrivacyTab },
  { id: "audit", label: "Audit log", shown: AuditTab },
  { id: "account", label: "My account", shown: AccountTab },
] as const;

/** Settings of the workspace, its people, keys and webhooks, and one's own account. The tab stands in the address. */
export function Component() {
  const [query, setQuery] = useSearchParams();
  const tab = TABS.find((one) => one.id === query.get("tab"))?.id ?? "workspace";
  return (
    <>
      <PageHeader
        title="Settings"
        about="The workspace, the people in it, its keys and webhooks."
      />
      <Tabs value={tab} onChange={(id) => id && setQuery({ tab: id })} keepMounted={false}>
        <Tabs.List mb="md">
          {TABS.map(({ id, label }) => (
            <Tabs.Tab key={id} value={id}>
              {label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {TABS.map(({ id, shown: Shown }) => (
          <Tabs.Panel key={id} value={id}>
            <Suspense fallback={<Skeleton height={240} />}>
              <Shown />
            </Suspense>
          </Tabs.Panel>
        ))}
      </Tabs>
    </>
  );
}
