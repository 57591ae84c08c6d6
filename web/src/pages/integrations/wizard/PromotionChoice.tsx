import { Select } from "@mantine/core";
import { useState } from "react";
import { useActivePromotions } from "./useSample";

interface Props {
  value: string;
  onChange: (promotionId: string) => void;
}

/** An active promotion, found by name or id. */
export function PromotionChoice({ value, onChange }: Props) {
  const [typed, setTyped] = useState("");
  const [isSearched, setSearched] = useState(false);
  const { data } = useActivePromotions(isSearched ? typed : "");
  const found =
    data?.items.map((one) => ({ value: one.promotion_id, label: one.promotion_id })) ?? [];
  const names = new Map(data?.items.map((one) => [one.promotion_id, one.name]));
  const options = found.some((one) => one.value === value)
    ? found
    : [{ value, label: value }, ...found];
  return (
    <Select
      label="Promotion"
      description={names.get(value) ?? "An active promotion"}
      data={options}
      value={value}
      onChange={(chosen) => chosen && onChange(chosen)}
      searchable
      searchValue={isSearched ? typed : value}
      onSearchChange={setTyped}
      onDropdownOpen={() => {
        setTyped("");
        setSearched(true);
      }}
      onDropdownClose={() => setSearched(false)}
      filter={({ options: all }) => all}
      renderOption={({ option }) => (
        <span>
          <strong style={{ fontWeight: 600 }}>{names.get(option.value) ?? option.label}</strong>
          <br />
          <span style={{ color: "var(--mantine-color-dimmed)", fontSize: 12 }}>{option.label}</span>
        </span>
      )}
      nothingFoundMessage="No active promotion matches"
      allowDeselect={false}
      maxDropdownHeight={280}
    />
  );
}
