// One thing that someone does, and how it went. Invariant: one press is one request; a refusal stays until the next press.
import { useRef, useState } from "react";
import { asApiError, type ApiError } from "./client";

export interface ApiMutation {
  isPending: boolean;
  error: ApiError | null;
  /** Resolves to whether it was done. */
  run: (request: () => Promise<unknown>) => Promise<boolean>;
}

export function useApiMutation(): ApiMutation {
  const [isPending, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const running = useRef(false);
  const run = async (request: () => Promise<unknown>): Promise<boolean> => {
    if (running.current) return false;
    running.current = true;
    setBusy(true);
    setError(null);
    try {
      await request();
      return true;
    } catch (cause) {
      setError(asApiError(cause));
      return false;
    } finally {
      running.current = false;
      setBusy(false);
    }
  };
  return { isPending, error, run };
}
