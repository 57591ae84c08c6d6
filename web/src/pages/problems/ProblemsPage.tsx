/** Not built yet on this branch. */
export function Component() {
  return <p>ProblemsPage</p>;
}
