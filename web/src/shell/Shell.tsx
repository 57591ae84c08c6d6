import { AppShell, Burger, Group, ScrollArea } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useEffect, useRef } from "react";
import { Outlet, useLocation } from "react-router";
import { useLiveFigures } from "../api/live";
import { SignedIn, useSession, useSignedIn } from "../api/session";
import { Failure } from "../look/Failure";
import { AccountMenu } from "./AccountMenu";
import { AlertBell } from "./AlertBell";
import { Brand } from "./Brand";
import { Freshness } from "./Freshness";
import { LookToggle } from "./LookToggle";
import { Navigation } from "./Navigation";
import classes from "./Shell.module.css";
import { SignIn } from "./SignIn";

/** The frame around every page: who is signed in, where one can go, and whether figures are live. */
export function Shell() {
  const { data: session, error, refetch } = useSignedIn();
  // A failure to read the session again leaves the page as it is.
  if (session === undefined) return error ? <Failure error={error} again={refetch} /> : null;
  if (!session) return <SignIn />;
  return (
    <SignedIn value={session}>
      <Frame />
    </SignedIn>
  );
}

function Frame() {
  const [isOpen, { toggle, close }] = useDisclosure();
  const { workspace } = useSession();
  const { pathname } = useLocation();
  useLiveFigures(workspace.workspace);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the menu closes when the address changes
  useEffect(close, [pathname]);
  useFocusOnNewPage(pathname);
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 216, breakpoint: "sm", collapsed: { mobile: !isOpen } }}
      padding={{ base: "sm", sm: "lg" }}
    >
      <a className="to-content" href="#content">
        To the content
      </a>
      <AppShell.Header className={classes.bar}>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger
              opened={isOpen}
              onClick={toggle}
              hiddenFrom="sm"
              size="sm"
              aria-label={isOpen ? "Close navigation" : "Open navigation"}
              aria-expanded={isOpen}
            />
            <Brand />
          </Group>
          <Group gap="xs" wrap="nowrap">
            <Freshness />
            <AlertBell />
            <LookToggle />
            <AccountMenu />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar className={classes.bar} aria-label="Main">
        <AppShell.Section grow component={ScrollArea} p="sm">
          <Navigation />
        </AppShell.Section>
        <AppShell.Section className={classes.workspace}>
          <strong>{workspace.name}</strong>
          <span>
            {workspace.time_zone}, {workspace.currency}
            {workspace.sandbox && ", sandbox"}
          </span>
        </AppShell.Section>
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1} className={classes.content}>
        <Outlet />
      </AppShell.Main>
    </AppShell>
  );
}

/** Whoever followed a link that is gone with its page goes on in the new one, and not at the top of the window. */
function useFocusOnNewPage(pathname: string): void {
  // Drawers over the list see to the focus themselves.
  const page = pathname.startsWith("/promotions") ? "/promotions" : pathname;
  const before = useRef(page);
  useEffect(() => {
    if (before.current === page) return;
    before.current = page;
    if (document.activeElement === document.body)
      document.getElementById("content")?.focus({ preventScroll: true });
  }, [page]);
}
