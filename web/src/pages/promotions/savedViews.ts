import { useLocalStorage } from "@mantine/hooks";
import { useSession } from "../../api/session";

/** A view under a name: its address's query. */
export interface SavedView {
  name: string;
  query: string;
}

/** Views that answer the questions one comes with first. */
export const READY_VIEWS: readonly SavedView[] = [
  { name: "All but archived", query: "" },
  { name: "Best redeemed", query: "status=active&sort=-rate" },
  { name: "Closest to a limit", query: "status=active&sort=-usage" },
  { name: "Most costly", query: "sort=-reward_cost" },
];

/** The views this browser keeps for this workspace. */
export function useSavedViews() {
  const { workspace } = useSession();
  const [views, setViews] = useLocalStorage<SavedView[]>({
    key: `promosight.views.${workspace.workspace}`,
    defaultValue: [],
    getInitialValueInEffect: false,
  });
  const without = (name: string) => views.filter((one) => one.name !== name);
  return {
    views,
    save: (view: SavedView) => setViews([...without(view.name), view]),
    forget: (name: string) => setViews(without(name)),
  };
}
