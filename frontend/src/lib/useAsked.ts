// Something asked of the server for as long as a view shows it. Invariant: a late answer is dropped; asking again keeps what was
// there until the new answer comes.
import { useCallback, useEffect, useState } from "react";
import { asApiError, type ApiError } from "@/lib/api/client";

export interface Asked<Value> {
  value: Value | null;
  error: ApiError | null;
  again: () => void;
  /** Puts what an action has just answered in its place. */
  put: (change: (value: Value) => Value) => void;
}

/** `ask` must stay the same function for as long as it asks for the same. */
export function useAsked<Value>(ask: (() => Promise<Value>) | null): Asked<Value> {
  const [value, setValue] = useState<Value | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const [times, setTimes] = useState(0);
  useEffect(() => {
    if (!ask) return;
    let late = false;
    ask().then(
      (answer) => {
        if (late) return;
        setValue(() => answer);
        setError(null);
      },
      (cause: unknown) => {
        if (!late) setError(asApiError(cause));
      },
    );
    return () => {
      late = true;
    };
  }, [ask, times]);
  const again = useCallback(() => setTimes((count) => count + 1), []);
  const put = useCallback((change: (value: Value) => Value) => setValue((old) => (old === null ? old : change(old))), []);
  return { value, error, again, put };
}
