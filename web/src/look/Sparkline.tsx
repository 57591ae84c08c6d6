interface Props {
  values: readonly number[];
  label: string;
  width?: number;
  height?: number;
}

/** A line of a few dozen numbers, as small as a word. Drawn as one path: a table has fifty of them. */
export function Sparkline({ values, label, width = 84, height = 24 }: Props) {
  const top = Math.max(...values, 1);
  const step = width / Math.max(values.length - 1, 1);
  const y = (value: number) => height - 2 - (value / top) * (height - 4);
  const line = values.map((v, i) => `${i ? "L" : "M"}${(i * step).toFixed(1)} ${y(v).toFixed(1)}`);
  const path = line.join("");
  return (
    <svg width={width} height={height} role="img" aria-label={label}>
      <path d={`${path}L${width} ${height}L0 ${height}Z`} fill="var(--ps-accent)" opacity={0.12} />
      <path d={path} fill="none" stroke="var(--ps-accent)" strokeWidth={1.5} />
    </svg>
  );
}
