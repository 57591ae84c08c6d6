import { type CSSVariablesResolver, createTheme } from "@mantine/core";

const OVER = {
  overlayProps: { backgroundOpacity: 0.35 },
  closeButtonProps: { "aria-label": "Close" },
};
const HEADED = { title: { fontSize: 18, fontWeight: 650 } };

/** Shades are chosen so that text on every surface passes WCAG AA (4.5:1) in light and in dark. */
export const theme = createTheme({
  fontFamily: "'Inter Variable', system-ui, sans-serif",
  fontFamilyMonospace: "ui-monospace, 'SF Mono', Menlo, Consolas, monospace",
  headings: { fontFamily: "'Inter Variable', system-ui, sans-serif", fontWeight: "650" },
  primaryColor: "indigo",
  // The greys of fields and buttons in the dark, as blue as what they lie on.
  colors: {
    dark: [
      "#d6dbe2",
      "#b6bdc7",
      "#8d95a1",
      "#727a86",
      "#434a55",
      "#3a414b",
      "#282d35",
      "#22262d",
      "#14171b",
      "#101215",
    ],
  },
  primaryShade: 8,
  defaultRadius: "md",
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    Tooltip: { defaultProps: { withArrow: true, openDelay: 150 } },
    Drawer: { defaultProps: OVER, styles: HEADED },
    Modal: { defaultProps: { ...OVER, centered: true }, styles: HEADED },
    Menu: { defaultProps: { withInitialFocusPlaceholder: false } }, // a menu holds its items only
    Table: { defaultProps: { verticalSpacing: "sm" } },
  },
});

export const variables: CSSVariablesResolver = () => ({
  variables: {
    "--mantine-heading-font-weight": "650",
  },
  light: {
    "--mantine-color-body": "#ffffff",
    "--mantine-color-dimmed": "#545b64",
    "--mantine-color-error": "#b3261e",
    "--mantine-color-placeholder": "#6b727b",
    "--ps-canvas": "#f6f7f9",
    "--ps-surface": "#ffffff",
    "--ps-line": "#e3e6ea",
    "--ps-track": "#e4e7ec",
    "--ps-accent": "#3b5bdb",
    "--ps-accent-soft": "#e7ecff",
    "--ps-good": "#1b7a3e",
    "--ps-good-soft": "#e3f6e9",
    "--ps-warn": "#8a5300",
    "--ps-warn-soft": "#fff3d9",
    "--ps-warn-bar": "#e8930c",
    "--ps-bad": "#b3261e",
    "--ps-bad-soft": "#fdeaea",
    "--ps-bad-bar": "#d9362b",
    "--ps-quiet": "#4a515a",
    "--ps-quiet-soft": "#eceff2",
  },
  dark: {
    "--mantine-color-body": "#1a1d22",
    "--mantine-color-dimmed": "#a7afba",
    "--mantine-color-error": "#ff9a92",
    "--mantine-color-placeholder": "#8f98a4",
    "--mantine-color-default-border": "#363c45",
    "--ps-canvas": "#121418",
    "--ps-surface": "#1a1d22",
    "--ps-line": "#2c3139",
    "--ps-track": "#333942",
    "--ps-accent": "#8ea5ff",
    "--ps-accent-soft": "#262f52",
    "--ps-good": "#6fd695",
    "--ps-good-soft": "#17331f",
    "--ps-warn": "#ffc45c",
    "--ps-warn-soft": "#3a2c10",
    "--ps-warn-bar": "#e8a33a",
    "--ps-bad": "#ff9a92",
    "--ps-bad-soft": "#431d1c",
    "--ps-bad-bar": "#f0625a",
    "--ps-quiet": "#c2c9d2",
    "--ps-quiet-soft": "#2a2f37",
  },
});
