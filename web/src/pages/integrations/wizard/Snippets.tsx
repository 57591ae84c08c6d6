import { Tabs, Text } from "@mantine/core";
import { useSearchParams } from "react-router";
import { Snippet } from "../../../look/Snippet";
import { LANGUAGES, type Language, type Sample, snippet } from "./snippets";

const ABOUT: Partial<Record<Language, (isTest: boolean) => string>> = {
  python: () => "Needs the requests package: pip install requests",
  javascript: () => "For your server (Node, Deno, Bun). A key has no place in a browser.",
  file: (isTest) =>
    isTest
      ? "A CSV with one redemption in a line. Up to 10,000 lines are tried out at once."
      : "A CSV of any size, also NDJSON or Parquet. Figures move once, when all of it has been taken; sending it twice is safe.",
};

/** The same request in four languages; which one is shown stands in the address. */
export function Snippets({ sample }: { sample: Sample }) {
  const [query, setQuery] = useSearchParams();
  const asked = LANGUAGES.find((one) => one.id === query.get("with"))?.id ?? "curl";
  const choose = (chosen: string | null) =>
    setQuery(
      (old) => {
        old.set("with", chosen ?? "curl");
        return old;
      },
      { replace: true },
    );
  return (
    <Tabs value={asked} onChange={choose} keepMounted={false}>
      <Tabs.List mb="sm">
        {LANGUAGES.map((one) => (
          <Tabs.Tab key={one.id} value={one.id}>
            {one.label}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {LANGUAGES.map((one) => (
        <Tabs.Panel key={one.id} value={one.id}>
          <Snippet label={one.label} code={snippet(one.id, sample)} />
          {ABOUT[one.id] && (
            <Text size="xs" c="dimmed" mt={6}>
              {ABOUT[one.id]?.(sample.isTest)}
            </Text>
          )}
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}
