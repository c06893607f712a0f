// Something asked of the server for as long as a view shows it. Invariant: a late answer is dropped; asking again keeps what was
// there until the new answer comes.
import { useCallback, useEffect, useState } from "react";
import { asApiError, type ApiError } from "./client";

export interface ApiQuery<Value> {
  data: Value | null;
  error: ApiError | null;
  refetch: () => void;
  /** Puts what an action has just answered in its place. */
  setData: (change: (data: Value) => Value) => void;
}

/** `ask` must stay the same function for as long as it asks for the same. */
export function useApiQuery<Value>(fetchData: (() => Promise<Value>) | null): ApiQuery<Value> {
  const [data, setValue] = useState<Value | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const [fetchCount, setFetchCount] = useState(0);
  useEffect(() => {
    if (!fetchData) return;
    let stale = false;
    fetchData().then(
      (answer) => {
        if (stale) return;
        setValue(() => answer);
        setError(null);
      },
      (cause: unknown) => {
        if (!stale) setError(asApiError(cause));
      },
    );
    return () => {
      stale = true;
    };
  }, [fetchData, fetchCount]);
  const refetch = useCallback(() => setFetchCount((count) => count + 1), []);
  const setData = useCallback((change: (data: Value) => Value) => setValue((old) => (old === null ? old : change(old))), []);
  return { data, error, refetch, setData };
}
