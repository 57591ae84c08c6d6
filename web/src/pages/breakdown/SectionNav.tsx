import { useEffect, useState } from "react";
import { Link, useLocation } from "react-router";
import classes from "./breakdown.module.css";

/** The sections of the drawer; each has an address of its own (`#time`). */
export function SectionNav({ sections }: { sections: [id: string, name: string][] }) {
  const { search, hash } = useLocation();
  const inSight = useInSight(sections.map(([id]) => id).join(" "));
  useEffect(() => arrive(named(hash.slice(1))), [hash]);
  return (
    <nav aria-label="Sections of the breakdown" className={classes.nav}>
      {sections.map(([id, name]) => (
        <Link
          key={id}
          to={{ search, hash: id }}
          replace
          aria-current={inSight === id ? "true" : undefined}
          onClick={() => show(id, "smooth")}
        >
          {name}
        </Link>
      ))}
    </nav>
  );
}

/** What a section was called in links of before. */
const named = (id: string): string => (id === "usage" ? "limits" : id);

function show(id: string, behavior: ScrollBehavior): void {
  if (!id) return;
  const isCalm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const section = document.getElementById(id);
  section?.scrollIntoView({ behavior: isCalm ? "instant" : behavior });
}

/** Goes to a section with the keyboard, too, from a link elsewhere. */
export function goTo(id: string): void {
  show(id, "smooth");
  document.getElementById(`${id}-title`)?.focus({ preventScroll: true });
}

const ARRIVING_MS = 3_000;
const TOUCHED = ["wheel", "pointerdown", "keydown"] as const;

/** Shows a section that was linked to, and again while what is above it still grows, until one scrolls oneself. */
function arrive(id: string): (() => void) | undefined {
  const body = document.getElementById(id)?.parentElement;
  if (!body) return;
  show(id, "instant");
  const watcher = new ResizeObserver(() => show(id, "instant"));
  watcher.observe(body);
  const leave = () => watcher.disconnect();
  const timer = setTimeout(leave, ARRIVING_MS);
  for (const touch of TOUCHED) window.addEventListener(touch, leave, { once: true });
  return () => {
    clearTimeout(timer);
    leave();
    for (const touch of TOUCHED) window.removeEventListener(touch, leave);
  };
}

/** The id of the topmost section that is in sight. */
function useInSight(ids: string): string | null {
  const [inSight, setInSight] = useState<string | null>(null);
  useEffect(() => {
    const seen = new Set<string>();
    const watcher = new IntersectionObserver(
      (changes) => {
        for (const { target, isIntersecting } of changes)
          if (isIntersecting) seen.add(target.id);
          else seen.delete(target.id);
        setInSight(ids.split(" ").find((id) => seen.has(id)) ?? null);
      },
      { rootMargin: "-160px 0px -45% 0px" },
    );
    for (const id of ids.split(" ")) {
      const section = document.getElementById(id);
      if (section) watcher.observe(section);
    }
    return () => watcher.disconnect();
  }, [ids]);
  return inSight;
}
