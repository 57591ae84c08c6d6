import { ActionIcon, Button, Menu } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import {
  IconBookmark,
  IconCheck,
  IconChevronDown,
  IconDeviceFloppy,
  IconLink,
  IconTrash,
} from "@tabler/icons-react";
import { Link } from "react-router";
import { useMay } from "../../api/session";
import { tell } from "../../look/tell";
import { tellFailure } from "./changes";
import { SaveView } from "./SaveView";
import { type NamedView, READY_VIEWS, useSavedViews } from "./savedViews";
import { queryOf, readView, type View } from "./view";

/** Views by name: to go to one, to keep this one, to send its link. */
export function ViewsMenu({ view, isNarrow = false }: { view: View; isNarrow?: boolean }) {
  const { views, error, save, forget } = useSavedViews();
  const mayShare = useMay("promotions:write");
  const [isSaving, { open, close }] = useDisclosure();
  const query = queryOf(view);
  const isShown = (one: NamedView) => queryOf(readView(new URLSearchParams(one.query))) === query;
  const own = views.find(isShown);
  const shared = views.filter((one) => one.shared);
  const mine = views.filter((one) => !one.shared);
  const item = (one: NamedView) => (
    <Menu.Item
      key={`${one.name} ${one.query}`}
      component={Link}
      to={{ pathname: "/promotions", search: one.query }}
      aria-current={isShown(one) || undefined}
      rightSection={isShown(one) && <IconCheck size={14} aria-hidden />}
    >
      {one.name}
    </Menu.Item>
  );
  return (
    <>
      <Menu position="bottom-end" width={240}>
        <Menu.Target>
          {isNarrow ? (
            <ActionIcon variant="default" size={36} aria-label="Views">
              <IconBookmark size={18} stroke={1.7} />
            </ActionIcon>
          ) : (
            <Button
              variant="default"
              leftSection={<IconBookmark size={16} stroke={1.7} />}
              rightSection={<IconChevronDown size={14} />}
            >
              {own?.name ?? "Views"}
            </Button>
          )}
        </Menu.Target>
        <Menu.Dropdown>
          {READY_VIEWS.map(item)}
          {shared.length > 0 && <Menu.Label c="dimmed">Of the workspace</Menu.Label>}
          {shared.map(item)}
          {mine.length > 0 && <Menu.Label c="dimmed">My views</Menu.Label>}
          {mine.map(item)}
          {error && <Menu.Label c="dimmed">Saved views cannot be shown now.</Menu.Label>}
          <Menu.Divider />
          <Menu.Item leftSection={<IconDeviceFloppy size={16} stroke={1.7} />} onClick={open}>
            Save view…
          </Menu.Item>
          <Menu.Item leftSection={<IconLink size={16} stroke={1.7} />} onClick={copyLink}>
            Copy link
          </Menu.Item>
          {own && (mayShare || !own.shared) && (
            <Menu.Item
              leftSection={<IconTrash size={16} stroke={1.7} />}
              onClick={() =>
                forget.mutate(own, {
                  onError: (failed) => tellFailure("The view could not be forgotten", failed),
                })
              }
            >
              Forget {own.name}
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      {isSaving && <SaveView query={query} onClose={close} save={save} />}
    </>
  );
}

async function copyLink(): Promise<void> {
  try {
    await navigator.clipboard.writeText(window.location.href);
    tell("The link to this view is copied.");
  } catch {
    tellFailure(
      "The link could not be copied",
      new Error("Copy it from the browser's address bar: it is the same."),
    );
  }
}
