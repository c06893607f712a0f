// The available models and their titles. Until they arrive, requests carry no settings and the server's defaults apply.
import { useQuery } from "@tanstack/react-query";
import { queries } from "@/lib/api/queries";
import { queryClient } from "@/lib/api/queryClient";
import type { Model, Models } from "@/lib/api/types";
import { usePreferences } from "@/lib/preferences/store";

export const useModels = (): Models | null => useQuery(queries.models).data ?? null;

export const loadedModels = (): Models | null => queryClient.getQueryData(queries.models.queryKey) ?? null;

/** Returns the title of a model in the user's language; of one that is no longer available, its name. */
export function useModelTitle(): (id: string) => string {
  const models = useModels()?.models;
  const language = usePreferences((state) => state.language);
  return (id) => models?.find((one: Model) => one.id === id)?.title[language] ?? id;
}
