// A text once nobody types any more. Invariant: an empty one counts at once.
import { useEffect, useState } from "react";

const pauseMs = 250;

export function useDelayed(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = window.setTimeout(() => setSettled(text), text === "" ? 0 : pauseMs);
    return () => window.clearTimeout(timer);
  }, [text]);
  return settled;
}
