// One thing that someone does, and how it went. Invariant: one press is one request; a refusal stays until the next press.
import { useRef, useState } from "react";
import { asApiError, type ApiError } from "@/lib/api/client";

export interface Act {
  busy: boolean;
  error: ApiError | null;
  /** Resolves to whether it was done. */
  run: (work: () => Promise<unknown>) => Promise<boolean>;
}

export function useAct(): Act {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const running = useRef(false);
  const run = async (work: () => Promise<unknown>): Promise<boolean> => {
    if (running.current) return false;
    running.current = true;
    setBusy(true);
    setError(null);
    try {
      await work();
      return true;
    } catch (cause) {
      setError(asApiError(cause));
      return false;
    } finally {
      running.current = false;
      setBusy(false);
    }
  };
  return { busy, error, run };
}
