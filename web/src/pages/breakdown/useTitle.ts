import { useEffect } from "react";

/** The browser's title while the drawer is open; the list's again when it goes. */
export function useTitle(name: string | undefined): void {
  useEffect(() => {
    if (!name) return;
    const before = document.title;
    document.title = `${name} · Promosight`;
    return () => {
      document.title = before;
    };
  }, [name]);
}
