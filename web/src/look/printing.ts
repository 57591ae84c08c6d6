const SCHEME = "data-mantine-color-scheme";

/** Paper is white: a page in dark colours is printed in light ones, and is dark again afterwards. */
export function printInLight(): void {
  const root = document.documentElement;
  let before: string | null = null;
  window.addEventListener("beforeprint", () => {
    before = root.getAttribute(SCHEME);
    root.setAttribute(SCHEME, "light");
  });
  window.addEventListener("afterprint", () => {
    if (before !== null) root.setAttribute(SCHEME, before);
  });
}
