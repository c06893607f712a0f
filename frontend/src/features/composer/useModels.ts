// Loads the available models. Until they arrive, requests carry no settings and the server's defaults apply.
import { useEffect } from "react";
import { videos } from "@/lib/api/endpoints";
import { useComposer } from "./store";

const retryDelayMs = 15_000;

export function useModels(): void {
  const loaded = useComposer((state) => state.models !== null);
  const userId = useComposer((state) => state.userId);
  useEffect(() => {
    if (loaded || userId === null) return;
    let stopped = false;
    let timer = 0;
    const load = async () => {
      try {
        const models = await videos.models();
        if (!stopped) useComposer.getState().setModels(models);
      } catch {
        if (!stopped) timer = window.setTimeout(() => void load(), retryDelayMs);
      }
    };
    void load();
    return () => {
      stopped = true;
      window.clearTimeout(timer);
    };
  }, [loaded, userId]);
}
