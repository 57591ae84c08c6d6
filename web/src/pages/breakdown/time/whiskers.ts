import type {
  CustomSeriesOption,
  CustomSeriesRenderItemAPI,
  CustomSeriesRenderItemReturn,
} from "echarts";

/** [x, low end, high end] of each interval. */
type Ends = [x: number, low: number, high: number];

/** 95% intervals as whiskers, on the first pair of axes. */
export function whiskers(id: string, colour: string, data: readonly Ends[]): CustomSeriesOption {
  return {
    id,
    type: "custom",
    name: "95% interval",
    data: data.map((ends) => [...ends]),
    encode: { x: 0, y: [1, 2] },
    silent: true,
    tooltip: { show: false },
    z: 3,
    renderItem: (_, place) => drawn(place, colour),
  };
}

const CAP = 4;

function drawn(place: CustomSeriesRenderItemAPI, stroke: string): CustomSeriesRenderItemReturn {
  const at = (end: 1 | 2) => place.coord([place.value(0), place.value(end)]);
  const [x = 0, low = 0] = at(1);
  const [, high = 0] = at(2);
  const line = (x1: number, y1: number, x2: number, y2: number) => ({
    type: "line" as const,
    shape: { x1, y1, x2, y2 },
    style: { stroke, lineWidth: 1.5 },
  });
  return {
    type: "group",
    children: [
      line(x, low, x, high),
      line(x - CAP, low, x + CAP, low),
      line(x - CAP, high, x + CAP, high),
    ],
  };
}
