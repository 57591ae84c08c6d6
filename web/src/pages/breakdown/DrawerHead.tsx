import { Button, Drawer, Group } from "@mantine/core";
import { IconEdit, IconScale } from "@tabler/icons-react";
import { Fragment, type ReactNode, useEffect, useRef } from "react";
import { Link, useLocation } from "react-router";
import { useMay, useSession } from "../../api/session";
import type { Promotion } from "../../api/types";
import { KindTag, StatusTag } from "../../look/Tag";
import { listSearch } from "./address";
import classes from "./breakdown.module.css";
import { CopyLink } from "./CopyLink";
import { period, promotionReward } from "./words";

interface Props {
  promotion: Promotion;
  /** What stands below the name and stays in sight as well. */
  children: ReactNode;
}

/** Which promotion this is, and what can be done with it. Stays in sight while scrolling. */
export function DrawerHead({ promotion, children }: Props) {
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    // What had the focus while the promotion was asked for is gone.
    if (document.activeElement === document.body) title.current?.focus();
  }, []);
  return (
    <Drawer.Header className={classes.head}>
      <div className={classes.headRow}>
        <Drawer.Title ref={title} className={classes.title} tabIndex={-1} data-autofocus>
          {promotion.name}
        </Drawer.Title>
        <Group gap={6} wrap="nowrap">
          <Actions promotion={promotion} />
        </Group>
        <Drawer.CloseButton aria-label="Close the breakdown" />
      </div>
      <About promotion={promotion} />
      {children}
    </Drawer.Header>
  );
}

function Actions({ promotion }: { promotion: Promotion }) {
  const mayEdit = useMay("promotions:write");
  const { search } = useLocation();
  const id = encodeURIComponent(promotion.promotion_id);
  const look = { variant: "default", size: "xs", className: classes.action } as const;
  return (
    <>
      <CopyLink />
      <Button
        {...look}
        component={Link}
        to={`/compare?id=${id}`}
        leftSection={<IconScale size={15} aria-hidden />}
      >
        <span className={classes.word}>Compare</span>
      </Button>
      {mayEdit && (
        <Button
          {...look}
          component={Link}
          to={{ pathname: `/promotions/${id}/edit`, search: listSearch(search) }}
          leftSection={<IconEdit size={15} aria-hidden />}
        >
          <span className={classes.word}>Edit</span>
        </Button>
      )}
    </>
  );
}

function About({ promotion }: { promotion: Promotion }) {
  const { workspace } = useSession();
  const { promotion_id: id, code, status, kind } = promotion;
  const said = [
    id,
    code && code !== id ? `code ${code}` : null,
    promotionReward(promotion),
    period(promotion, workspace.time_zone),
  ].filter(Boolean);
  return (
    <div className={classes.about}>
      <StatusTag status={status} />
      <KindTag kind={kind} />
      {said.map((one, index) => (
        <Fragment key={one}>
          {index > 0 && <span aria-hidden>·</span>}
          <span>{one}</span>
        </Fragment>
      ))}
    </div>
  );
}
