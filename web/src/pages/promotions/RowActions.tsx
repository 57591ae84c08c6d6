import { Menu } from "@mantine/core";
import {
  IconArchive,
  IconChartBar,
  IconCopy,
  IconPencil,
  IconPlayerPause,
  IconPlayerPlay,
} from "@tabler/icons-react";
import { Link, useLocation, useNavigate } from "react-router";
import { useMay } from "../../api/session";
import type { Promotion } from "../../api/types";
import { useDuplicate, useStatusChange } from "./changes";

interface Props {
  promotion: Promotion;
  onArchive: () => void;
}

const size = { size: 16, stroke: 1.7 };

/** What can be done with one promotion, by its status and one's role. */
export function RowActions({ promotion, onArchive }: Props) {
  const may = useMay("promotions:write");
  const { search } = useLocation();
  const page = `/promotions/${encodeURIComponent(promotion.promotion_id)}`;
  return (
    <>
      <Menu.Item
        component={Link}
        to={{ pathname: page, search }}
        leftSection={<IconChartBar {...size} />}
      >
        Open breakdown
      </Menu.Item>
      {may ? (
        <Changes promotion={promotion} onArchive={onArchive} />
      ) : (
        <Menu.Label c="dimmed">Your role may look at promotions, not change them.</Menu.Label>
      )}
    </>
  );
}

function Changes({ promotion, onArchive }: Props) {
  const { status } = promotion;
  const { search } = useLocation();
  const navigate = useNavigate();
  const { mutate } = useStatusChange();
  const edit = (id: string) => ({ pathname: `/promotions/${encodeURIComponent(id)}/edit`, search });
  const { mutate: duplicate } = useDuplicate((copy) => navigate(edit(copy.promotion_id)));
  return (
    <>
      {status !== "archived" && (
        <Menu.Item
          component={Link}
          to={edit(promotion.promotion_id)}
          leftSection={<IconPencil {...size} />}
        >
          Edit
        </Menu.Item>
      )}
      {(status === "draft" || status === "deactivated") && (
        <Menu.Item
          leftSection={<IconPlayerPlay {...size} />}
          onClick={() => mutate({ promotion, change: "activate" })}
        >
          Activate
        </Menu.Item>
      )}
      {status === "active" && (
        <Menu.Item
          leftSection={<IconPlayerPause {...size} />}
          onClick={() => mutate({ promotion, change: "deactivate" })}
        >
          Deactivate
        </Menu.Item>
      )}
      <Menu.Item leftSection={<IconCopy {...size} />} onClick={() => duplicate(promotion)}>
        Duplicate
      </Menu.Item>
      {status !== "archived" && (
        <>
          <Menu.Divider />
          <Menu.Item leftSection={<IconArchive {...size} />} c="var(--ps-bad)" onClick={onArchive}>
            Archive…
          </Menu.Item>
        </>
      )}
    </>
  );
}
