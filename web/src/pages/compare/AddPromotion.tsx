import { Select } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../../api/client";
import type { PromotionPage } from "../../api/types";
import { DASH } from "../../format";
import classes from "./compare.module.css";
import { MOST } from "./ids";

interface Props {
  chosen: readonly string[];
  onAdd: (id: string) => void;
}

/** Looks promotions up by name, id or code, and adds one to those that are compared. */
export function AddPromotion({ chosen, onAdd }: Props) {
  const [text, setText] = useState("");
  const [isOpen, setOpen] = useState(false);
  const [q] = useDebouncedValue(text, 200);
  const { data, isFetching } = useQuery({
    queryKey: ["promotions", "choice", q],
    queryFn: ({ signal }) =>
      api<PromotionPage>("/v1/promotions", { query: { q, limit: 30 }, signal }),
    placeholderData: keepPreviousData,
    enabled: isOpen,
  });
  const items = (data?.items ?? []).filter(({ promotion_id: id }) => !chosen.includes(id));
  const isFull = chosen.length >= MOST;
  return (
    <Select
      w={300}
      maw="100%"
      searchable
      aria-label="Add a promotion"
      placeholder={isFull ? `${MOST} at most; remove one first` : "Add a promotion"}
      disabled={isFull}
      leftSection={<IconSearch size={16} aria-hidden />}
      rightSection={<span />}
      nothingFoundMessage={isFetching ? "Looking…" : "No other promotion matches"}
      data={items.map(({ promotion_id: value, name }) => ({ value, label: name }))}
      filter={({ options }) => options}
      value={null}
      searchValue={text}
      onSearchChange={setText}
      onDropdownOpen={() => setOpen(true)}
      maxDropdownHeight={320}
      comboboxProps={{ withinPortal: true }}
      renderOption={({ option }) => {
        const item = items.find((one) => one.promotion_id === option.value);
        return (
          <span className={classes.option}>
            <span>
              {option.label}
              <small>{option.value}</small>
            </span>
            <span>{item && item.figures.rate !== null ? item.figures.display : DASH}</span>
          </span>
        );
      }}
      onChange={(id) => {
        if (id) onAdd(id);
        setText("");
      }}
    />
  );
}
