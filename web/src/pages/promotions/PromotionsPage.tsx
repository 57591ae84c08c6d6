import { Button } from "@mantine/core";
import { useDisclosure, useMediaQuery } from "@mantine/hooks";
import { IconDownload, IconHistory, IconPlus } from "@tabler/icons-react";
import { useCallback, useEffect, useMemo } from "react";
import { Link, Outlet, useLocation } from "react-router";
import { ApiError, url } from "../../api/client";
import { useMay } from "../../api/session";
import { Failure } from "../../look/Failure";
import { PageHeader } from "../../look/PageHeader";
import { Surface } from "../../look/Surface";
import { KnownBar } from "../known/KnownBar";
import { useKnown } from "../known/useKnown";
import { Cards } from "./Cards";
import { Grid } from "./Grid";
import { GridSkeleton } from "./GridSkeleton";
import { NothingShown } from "./NothingShown";
import type { Paging } from "./paging";
import { SetUpNotice } from "./SetUpNotice";
import { Summary } from "./Summary";
import { Toolbar } from "./Toolbar";
import { usePromotions } from "./usePromotions";
import { useSelection } from "./useSelection";
import { type ChangeView, useColumns, useView } from "./useView";
import { filterOf, type View } from "./view";

/** Plan > Promotions: every promotion with its Redemption Rate and what it uses of its limits. */
export function Component() {
  const [view, change] = useView();
  const [columns, chooseColumns] = useColumns(view, change);
  const [known, know] = useKnown();
  const [isOpened, bar] = useDisclosure();
  const isBar = isOpened || known !== null;
  const selection = useSelection();
  const isNarrow = useMediaQuery("(max-width: 48em)", false, { getInitialValueInEffect: false });
  const found = usePromotions(view);
  const answer = found.data;
  const items = answer?.items ?? [];
  const paging = usePaging(view, change, answer?.total ?? 0, found.isPlaceholderData);
  const onSort = useCallback((sort: string) => change({ sort }), [change]);
  const shown = { items, selection, paging, isStale: found.isPlaceholderData };
  return (
    <>
      <PageHeader title="Promotions" about="How many of the rewards you gave are redeemed.">
        <PageActions view={view} known={known} isKnownOpen={isBar} onKnown={bar.toggle} />
      </PageHeader>
      {isBar && <KnownBar known={known} know={know} error={found.error} onClose={bar.close} />}
      <SetUpNotice />
      <Toolbar
        view={view}
        change={change}
        columns={columns}
        onColumns={chooseColumns}
        selection={selection}
        isNarrow={isNarrow}
      />
      {found.error && !(isBar && isRefused(found.error)) && (
        <Failure error={found.error} again={found.refetch} />
      )}
      {(answer || !found.error) && (
        <Summary view={view} change={change} answer={answer} onRefresh={found.refetch} />
      )}
      {!answer ? (
        !found.error && (
          <Surface>
            <GridSkeleton />
          </Surface>
        )
      ) : answer.total === 0 && !found.isPlaceholderData ? (
        <Surface>
          <NothingShown view={view} change={change} />
        </Surface>
      ) : isNarrow ? (
        <Cards {...shown} />
      ) : (
        <Surface>
          <Grid {...shown} columns={columns} sort={view.sort} onSort={onSort} />
        </Surface>
      )}
      <Outlet />
    </>
  );
}

interface Actions {
  view: View;
  known: string | null;
  isKnownOpen: boolean;
  onKnown: () => void;
}

function PageActions({ view, known, isKnownOpen, onKnown }: Actions) {
  const may = useMay("promotions:write");
  const { search } = useLocation();
  return (
    <>
      {known === null && (
        <Button
          variant="default"
          aria-expanded={isKnownOpen}
          onClick={onKnown}
          leftSection={<IconHistory size={16} stroke={1.7} />}
        >
          Known on …
        </Button>
      )}
      <Button
        component="a"
        href={url("/v1/promotions", { ...filterOf(view), as_of: known, format: "csv" })}
        download
        variant="default"
        leftSection={<IconDownload size={16} stroke={1.7} />}
      >
        Export CSV
      </Button>
      {may && (
        <Button
          component={Link}
          to={{ pathname: "/promotions/new", search }}
          leftSection={<IconPlus size={16} stroke={1.7} />}
        >
          New promotion
        </Button>
      )}
    </>
  );
}

/** Whether it was the moment that could not be told: that stands at its field. */
const isRefused = (error: Error): boolean =>
  error instanceof ApiError && error.of("/as_of") !== undefined;

/** The paging of the view; an address past the last page leads to the last. */
function usePaging(view: View, change: ChangeView, total: number, isStale: boolean): Paging {
  const { page, size } = view;
  const last = Math.max(1, Math.ceil(total / size));
  const isPast = total > 0 && !isStale && page > last;
  useEffect(() => {
    if (isPast) change({ page: last }, { replace: true });
  }, [isPast, last, change]);
  return useMemo(
    () => ({
      page,
      size,
      total,
      onPage: (page: number) => change({ page }),
      onSize: (size: number) => change({ size }),
    }),
    [page, size, total, change],
  );
}
