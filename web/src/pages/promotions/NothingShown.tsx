import { Button, Group, Loader, Text } from "@mantine/core";
import { IconFilterOff, IconTicket } from "@tabler/icons-react";
import { Link } from "react-router";
import { useMay } from "../../api/session";
import { Empty } from "../../look/Empty";
import { useAnyPromotion } from "./usePromotions";
import type { ChangeView } from "./useView";
import { isNarrowed, NO_FILTER, STATUSES, type View } from "./view";

/** In place of the table when it would be empty: there is nothing yet, or nothing that fits. */
export function NothingShown({ view, change }: { view: View; change: ChangeView }) {
  const isThereAny = useAnyPromotion(true);
  if (isThereAny === undefined) return <Loader m="xl" size="sm" aria-label="Loading" />;
  if (!isThereAny) return <NoneYet />;
  const isFiltered = isNarrowed(view);
  return (
    <Empty
      icon={IconFilterOff}
      title={isFiltered ? "No promotion matches" : "Every promotion is archived"}
      why={isFiltered ? "Search looks at names, ids and codes." : undefined}
    >
      {isFiltered ? (
        <Button variant="default" onClick={() => change(NO_FILTER)}>
          Clear filters
        </Button>
      ) : (
        <Button variant="default" onClick={() => change({ status: STATUSES })}>
          Show archived
        </Button>
      )}
    </Empty>
  );
}

function NoneYet() {
  const may = useMay("promotions:write");
  return (
    <Empty
      icon={IconTicket}
      title="No promotions yet"
      why="A promotion is an offer that customers are given and may redeem. Its Redemption Rate appears here."
    >
      {may ? (
        <Group gap="sm" justify="center">
          <Button component={Link} to="/promotions/new">
            Create your first promotion
          </Button>
          <Button component={Link} to="/batches" variant="default">
            or import a file
          </Button>
        </Group>
      ) : (
        <Text size="sm">Whoever may change promotions can create the first one.</Text>
      )}
    </Empty>
  );
}
