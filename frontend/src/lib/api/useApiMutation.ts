// Runs one request at a time for a user action. The error stays until the next run.
import { useRef, useState } from "react";
import { asApiError, type ApiError } from "./client";

export interface ApiMutation {
  isPending: boolean;
  error: ApiError | null;
  /** Resolves to whether the request succeeded. */
  run: (request: () => Promise<unknown>) => Promise<boolean>;
}

export function useApiMutation(): ApiMutation {
  const [isPending, setIsPending] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const running = useRef(false);
  const run = async (request: () => Promise<unknown>): Promise<boolean> => {
    if (running.current) return false;
    running.current = true;
    setIsPending(true);
    setError(null);
    try {
      await request();
      return true;
    } catch (cause) {
      setError(asApiError(cause));
      return false;
    } finally {
      running.current = false;
      setIsPending(false);
    }
  };
  return { isPending, error, run };
}
