import { Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { api } from "../../api/client";
import type { PromotionPage } from "../../api/types";
import { offerName } from "./words";

export interface Offer {
  promotion_id: string;
  tier_id: string | null;
}

interface Props {
  label: string;
  description?: ReactNode;
  /** What choosing nothing is called; without it something must be chosen. */
  noneLabel?: string;
  value: Offer | null;
  onChange: (offer: Offer | null) => void;
  error?: ReactNode;
}

const MOST = 200;
const NONE = "";

/** Active promotions and their tiers, as offers to choose from. */
export function useOffers() {
  return useQuery({
    queryKey: ["promotions", "offers"],
    staleTime: 60_000,
    queryFn: ({ signal }) =>
      api<PromotionPage>("/v1/promotions", { query: { status: "active", limit: MOST }, signal }),
    select: ({ items }) =>
      items.flatMap((one): (Offer & { name: string })[] => [
        { promotion_id: one.promotion_id, tier_id: null, name: one.name },
        ...one.tiers.map(({ tier_id }) => ({
          promotion_id: one.promotion_id,
          tier_id,
          name: one.name,
        })),
      ]),
  });
}

/** An offer to choose: a promotion, or one of its tiers. */
export function OfferSelect({ label, description, noneLabel, value, onChange, error }: Props) {
  const { data = [] } = useOffers();
  const keyOf = (one: Offer | null) =>
    one ? JSON.stringify([one.promotion_id, one.tier_id]) : NONE;
  const known = value && !data.some((one) => keyOf(one) === keyOf(value)) ? [value, ...data] : data;
  const options = known.map((one) => ({
    value: keyOf(one),
    label: offerName(one.promotion_id, one.tier_id),
  }));
  return (
    <Select
      label={label}
      description={description}
      error={error}
      searchable
      placeholder="Promotion or tier"
      nothingFoundMessage="No active promotion matches"
      allowDeselect={false}
      data={noneLabel ? [{ value: NONE, label: noneLabel }, ...options] : options}
      value={value || noneLabel ? keyOf(value) : null}
      onChange={(key) => {
        if (!key) return onChange(null);
        const [promotion_id, tier_id] = JSON.parse(key) as [string, string | null];
        onChange({ promotion_id, tier_id });
      }}
      maxDropdownHeight={260}
    />
  );
}
