/** What charts over hours and days have in common. */

/** A legend whose names stand by their own dot, and not by the next. */
export const LEGEND = {
  left: 0,
  top: 0,
  icon: "circle",
  itemWidth: 9,
  itemHeight: 9,
  itemGap: 20,
};

/** The colour of axes and of the lines behind a chart. */
export function axisColour(isDark: boolean): string {
  return isDark ? "#2c3139" : "#e3e6ea";
}

/** What charts lie on: behind words that would else stand on a line. */
export function surfaceColour(isDark: boolean): string {
  return isDark ? "#1a1d22" : "#ffffff";
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
