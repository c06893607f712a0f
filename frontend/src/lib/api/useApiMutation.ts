// Runs one request at a time for a user action: further clicks send nothing until it has ended. The error stays until the next run.
import { useRef } from "react";
import { useMutation, type UseMutationOptions } from "@tanstack/react-query";
import type { ApiError } from "./client";

export interface ApiMutation<Data, Variables> {
  data: Data | undefined;
  isPending: boolean;
  error: ApiError | null;
  mutate: (variables: Variables) => void;
}

export function useApiMutation<Data, Variables = void>(options: UseMutationOptions<Data, ApiError, Variables>): ApiMutation<Data, Variables> {
  const { data, isPending, error, mutate } = useMutation(options);
  // Not isPending, which changes only with the next render.
  const running = useRef(false);
  return {
    data,
    isPending,
    error,
    mutate: (variables) => {
      if (running.current) return;
      running.current = true;
      mutate(variables, {
        onSettled: () => {
          running.current = false;
        },
      });
    },
  };
}
