import { CloseButton, Kbd, TextInput } from "@mantine/core";
import { useDebouncedCallback, useHotkeys } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { useLocation, useMatch } from "react-router";
import { isLeaving } from "../../look/leaving";

interface Props {
  q: string;
  onSearch: (q: string) => void;
}

const PAUSE_MS = 250;

/** Search by name, id or code; asked when one stops typing. `/` leads here. */
export function SearchField({ q, onSearch }: Props) {
  const [text, setText] = useState(q);
  const asked = useRef(q);
  const field = useRef<HTMLInputElement>(null);
  const isAlone = useMatch("/promotions") !== null; // no drawer lies over the page
  useHotkeys([["/", () => isAlone && field.current?.focus()]]);
  const { pathname } = useLocation();
  const ask = useDebouncedCallback((now: string): void => {
    if (isLeaving(pathname)) {
      ask(now); // a drawer that opens leaves the field here; another page does not
      return;
    }
    asked.current = now;
    onSearch(now);
  }, PAUSE_MS);
  useEffect(() => {
    if (q !== asked.current) setText(q); // changed elsewhere: a view, the way back, "Clear filters"
    asked.current = q;
  }, [q]);
  const type = (now: string) => {
    setText(now);
    ask(now.trim());
  };
  return (
    <TextInput
      ref={field}
      type="search"
      aria-label="Search promotions"
      placeholder="Search name, id or code"
      leftSection={<IconSearch size={16} stroke={1.7} />}
      rightSection={
        text ? (
          <CloseButton size="sm" aria-label="Clear search" onClick={() => type("")} />
        ) : (
          <Kbd size="xs" visibleFrom="sm" aria-hidden>
            /
          </Kbd>
        )
      }
      value={text}
      onChange={(event) => type(event.currentTarget.value)}
    />
  );
}
