import { useEffect } from "react";

/** When the drawer goes, the keyboard is where it came from: what opened it, or the promotion's link in the list. */
export function useReturnedFocus(promotionId: string): void {
  useEffect(() => {
    const opener = document.activeElement;
    return () => {
      const address = `/promotions/${encodeURIComponent(promotionId)}`;
      // After the drawer has let go of the focus, and the list beneath can be reached again.
      setTimeout(() => {
        if (document.querySelector('[role="dialog"]')) return;
        const isThere = opener instanceof HTMLElement && opener.isConnected;
        const target = isThere && opener !== document.body ? opener : linkTo(address);
        target?.focus({ preventScroll: true });
      });
    };
  }, [promotionId]);
}

function linkTo(address: string): HTMLElement | null {
  const links = document.querySelectorAll<HTMLAnchorElement>("main a[href]");
  const link = [...links].find((one) => one.pathname === address);
  return link ?? document.getElementById("content");
}
