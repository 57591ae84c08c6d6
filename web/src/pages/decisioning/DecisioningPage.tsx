import { Skeleton, Stack, Tabs } from "@mantine/core";
import { useSearchParams } from "react-router";
import { Failure } from "../../look/Failure";
import { PageHeader } from "../../look/PageHeader";
import { useDecisioning } from "./asked";
import { DecisionsTab } from "./DecisionsTab";
import { ModeSection } from "./ModeSection";
import { ResultsTab } from "./results/ResultsTab";
import { Start } from "./Start";
import { SettingsTab } from "./settings/SettingsTab";
import { VersionsTab } from "./versions/VersionsTab";
import { WhatIfTab } from "./whatif/WhatIfTab";

const TABS = [
  { id: "results", label: "Results", shown: ResultsTab, isAlways: false },
  { id: "decisions", label: "Decisions", shown: DecisionsTab, isAlways: false },
  { id: "what-if", label: "What if", shown: WhatIfTab, isAlways: false },
  { id: "versions", label: "Versions", shown: VersionsTab, isAlways: true },
  { id: "settings", label: "Settings", shown: SettingsTab, isAlways: true },
] as const;

/** Which offer each customer gets: what it gained, how it is decided, and what would be otherwise. */
export function Component() {
  const [query, setQuery] = useSearchParams();
  const tab = TABS.find((one) => one.id === query.get("tab"))?.id ?? "results";
  const { data, error, refetch } = useDecisioning();
  if (error && !data) return <Failure error={error} again={refetch} />;
  const hasNone = data?.decisions === 0;
  return (
    <>
      <PageHeader
        title="Decisioning"
        about="Each customer gets the offer that is worth most for them, or none, learned from what was really redeemed."
      />
      <Stack gap="md">
        {data ? <ModeSection decisioning={data} /> : <Skeleton height={124} radius={12} />}
        <Tabs value={tab} onChange={(id) => id && setQuery({ tab: id })} keepMounted={false}>
          <Tabs.List mb="md" style={{ flexWrap: "nowrap", overflowX: "auto", overflowY: "hidden" }}>
            {TABS.map(({ id, label }) => (
              <Tabs.Tab key={id} value={id}>
                {label}
              </Tabs.Tab>
            ))}
          </Tabs.List>
          {TABS.map(({ id, shown: Shown, isAlways }) => (
            <Tabs.Panel key={id} value={id}>
              {hasNone && !isAlways ? <Start /> : data && <Shown decisioning={data} />}
            </Tabs.Panel>
          ))}
        </Tabs>
      </Stack>
    </>
  );
}
