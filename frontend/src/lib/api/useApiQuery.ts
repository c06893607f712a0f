// Fetches data while a component is mounted. Invariant: late responses are dropped, and refetching keeps the old data until the new
// arrives.
import { useCallback, useEffect, useState } from "react";
import { asApiError, type ApiError } from "./client";

export interface ApiQuery<Value> {
  data: Value | null;
  error: ApiError | null;
  refetch: () => void;
  /** Updates the data with the response of a mutation. */
  setData: (change: (data: Value) => Value) => void;
}

/** `fetchData` must be referentially stable for the same query. */
export function useApiQuery<Value>(fetchData: (() => Promise<Value>) | null): ApiQuery<Value> {
  const [data, setDataState] = useState<Value | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const [fetchCount, setFetchCount] = useState(0);
  useEffect(() => {
    if (!fetchData) return;
    let stale = false;
    fetchData().then(
      (response) => {
        if (stale) return;
        setDataState(() => response);
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
  const setData = useCallback((change: (data: Value) => Value) => setDataState((old) => (old === null ? old : change(old))), []);
  return { data, error, refetch, setData };
}
