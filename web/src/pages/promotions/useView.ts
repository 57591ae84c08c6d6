import { useLocalStorage } from "@mantine/hooks";
import { useCallback, useEffect, useMemo } from "react";
import { useSearchParams } from "react-router";
import { type ColumnId, DEFAULT_COLUMNS } from "./columnIds";
import { readView, type View, writeView } from "./view";

export type ChangeView = (part: Partial<View>, options?: { replace?: boolean }) => void;

/** The view in the address, and a way to change it. Whatever changes, the first page is shown, unless a page is asked for. */
export function useView(): [View, ChangeView] {
  const [params, setParams] = useSearchParams();
  const view = useMemo(() => readView(params), [params]);
  const change = useCallback<ChangeView>(
    (part, { replace = false } = {}) =>
      setParams((now) => writeView(now, { ...readView(now), page: 1, ...part }), { replace }),
    [setParams],
  );
  return [view, change];
}

/** The columns shown: those of the address, else those this browser last chose. Choosing does both. */
export function useColumns(
  view: View,
  change: ChangeView,
): [readonly ColumnId[], (columns: readonly ColumnId[]) => void] {
  const [kept, keep] = useLocalStorage<readonly ColumnId[]>({
    key: "promosight.columns",
    defaultValue: DEFAULT_COLUMNS,
    getInitialValueInEffect: false,
  });
  const isUnsaid = view.columns === null && kept.join() !== DEFAULT_COLUMNS.join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: only when the page is come to without a word on columns
  useEffect(() => {
    if (isUnsaid) change({ columns: kept, page: view.page }, { replace: true });
  }, [isUnsaid]);
  const choose = (columns: readonly ColumnId[]) => {
    keep(columns);
    change({ columns, page: view.page }, { replace: true });
  };
  return [view.columns ?? kept, choose];
}
