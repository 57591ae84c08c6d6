import { Drawer } from "@mantine/core";
import { useCallback, useEffect, useState } from "react";
import { useLocation, useNavigate, useParams } from "react-router";
import { listSearch } from "./address";
import { BreakdownContent } from "./BreakdownContent";
import classes from "./breakdown.module.css";
import { useReturnedFocus } from "./useReturnedFocus";

/** A promotion's breakdown, over the list it was opened from. Closing goes back to that list as it was. */
export function Component() {
  const { promotionId = "" } = useParams();
  const navigate = useNavigate();
  const { search } = useLocation();
  const [isOpen, setOpen] = useState(false);
  useEffect(() => setOpen(true), []); // opened after it is there, so that it slides in
  useReturnedFocus(promotionId);
  const close = useCallback(() => setOpen(false), []);
  const leave = () => navigate({ pathname: "/promotions", search: listSearch(search) });
  return (
    <Drawer.Root
      opened={isOpen}
      onClose={close}
      onExitTransitionEnd={leave}
      position="right"
      size="min(1080px, 100%)"
      returnFocus={false}
      transitionProps={{ duration: 160 }}
      classNames={{ content: classes.drawer }}
    >
      <Drawer.Overlay backgroundOpacity={0.35} />
      <Drawer.Content>
        <BreakdownContent key={promotionId} promotionId={promotionId} />
      </Drawer.Content>
    </Drawer.Root>
  );
}
