import { useState } from "react";

/** A choice that shows at once, though the address that holds it follows a moment later. */
export function useAtOnce<T>(value: T, onChoose: (now: T) => void): [T, (now: T) => void] {
  const [shown, setShown] = useState(value);
  const [held, setHeld] = useState(value);
  if (held !== value) {
    setHeld(value);
    setShown(value);
  }
  const choose = (now: T) => {
    setShown(now);
    onChoose(now);
  };
  return [shown, choose];
}
