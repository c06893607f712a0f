// The available models. Until they arrive, requests carry no settings and the server's defaults apply.
import { useQuery } from "@tanstack/react-query";
import { queries } from "@/lib/api/queries";
import { queryClient } from "@/lib/api/queryClient";
import type { Models } from "@/lib/api/types";

export const useModels = (): Models | null => useQuery(queries.models).data ?? null;

export const loadedModels = (): Models | null => queryClient.getQueryData(queries.models.queryKey) ?? null;
