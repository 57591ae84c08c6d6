/** Colours of series, told apart by people who see colours differently, readable on the surface they lie on. */
export const palette = (isDark: boolean): string[] =>
  isDark
    ? ["#8ea5ff", "#5ec9b0", "#f2b25a", "#e58ac2", "#9ad06b", "#74c0fc"]
    : ["#3b5bdb", "#0c8f78", "#c77700", "#b0318a", "#4f8a10", "#1c7ed6"];
