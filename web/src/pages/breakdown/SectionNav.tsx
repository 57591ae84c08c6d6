import { useEffect, useState } from "react";
import { Link, useLocation } from "react-router";
import classes from "./breakdown.module.css";

/** The sections of the drawer; each has an address of its own (`#time`). */
export function SectionNav({ sections }: { sections: [id: string, name: string][] }) {
  const { search, hash } = useLocation();
  const inSight = useInSight(sections.map(([id]) => id).join(" "));
  useEffect(() => show(hash.slice(1), "instant"), [hash]);
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

function show(id: string, behavior: ScrollBehavior): void {
  if (!id) return;
  const isCalm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const section = document.getElementById(id);
  section?.scrollIntoView({ behavior: isCalm ? "instant" : behavior });
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
