/** What charts over hours and days have in common. */

/** The colour of axes and of the lines behind a chart. */
export function axisColour(isDark: boolean): string {
  return isDark ? "#2c3139" : "#e3e6ea";
}

/** An axis of hours or days by their names, as many of which are written as there is room for. */
export function slotAxis(labels: readonly string[], colour: string) {
  return {
    type: "category" as const,
    data: [...labels],
    axisTick: { show: false },
    axisLine: { lineStyle: { color: colour } },
    axisLabel: {
      hideOverlap: true,
      margin: 12,
      showMaxLabel: true,
      alignMaxLabel: "right" as const,
    },
  };
}
