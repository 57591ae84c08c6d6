/** Where the names of points stand in a chart, so that none lies on another or on another's point. */

export type Side = "right" | "left" | "top" | "bottom";

export interface Labelled {
  /** Along the axes, from 0 to 1. */
  x: number;
  y: number;
  text: string;
}

interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** A chart as wide as most are drawn, its letters and its points: only what lies near what matters. */
const [WIDTH, HEIGHT] = [760, 270];
const [LETTER, LINE, POINT, APART] = [6.6, 15, 6, 8];

/** A side for each: the right of its point where there is room, else another; where there is none, the right. */
export function sidesOf(all: readonly Labelled[]): Side[] {
  const taken = all.map(pointBox);
  return all.map((one, index) => {
    const others = taken.filter((_, at) => at !== index);
    const side = SIDES.find((each) => isFree(labelBox(one, each), others)) ?? "right";
    taken.push(labelBox(one, side));
    return side;
  });
}

const SIDES: readonly Side[] = ["right", "left", "bottom", "top"];

const isFree = (box: Box, others: readonly Box[]): boolean =>
  box.left >= 0 &&
  box.right <= WIDTH &&
  others.every(
    (other) =>
      box.right < other.left ||
      other.right < box.left ||
      box.bottom < other.top ||
      other.bottom < box.top,
  );

const pointBox = ({ x, y }: Labelled): Box => around(x * WIDTH, (1 - y) * HEIGHT, POINT, POINT);

function labelBox({ x, y, text }: Labelled, side: Side): Box {
  const [across, down] = [(text.length * LETTER) / 2, LINE / 2];
  const beside = { right: 1, left: -1, top: 0, bottom: 0 }[side] * (POINT + APART + across);
  const above = { right: 0, left: 0, top: -1, bottom: 1 }[side] * (POINT + APART + down);
  return around(x * WIDTH + beside, (1 - y) * HEIGHT + above, across, down);
}

const around = (x: number, y: number, across: number, down: number): Box => ({
  left: x - across,
  right: x + across,
  top: y - down,
  bottom: y + down,
});
