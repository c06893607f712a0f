// Returns a text once typing has paused. An empty text applies at once.
import { useEffect, useState } from "react";

const delayMs = 250;

export function useDebounced(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = window.setTimeout(() => setSettled(text), text === "" ? 0 : delayMs);
    return () => window.clearTimeout(timer);
  }, [text]);
  return settled;
}
