// The settings that the next request will have, once the models have arrived.
import type { Models } from "@/lib/api/types";
import { useModels } from "@/lib/models";
import { resolveSettings, type RequestedSettings, type Settings } from "./settings";
import { useComposer } from "./store";

interface Resolved {
  models: Models;
  requested: Omit<RequestedSettings, "count">;
  settings: Settings;
}

export function useSettings(): Resolved | null {
  const models = useModels();
  const model = useComposer((state) => state.model);
  const orientation = useComposer((state) => state.orientation);
  const seconds = useComposer((state) => state.seconds);
  const size = useComposer((state) => state.size);
  const requested = { model, orientation, seconds, size };
  const settings = models && resolveSettings(models, requested);
  return settings && { models, requested, settings };
}
