// The queries by name: cache key, request and options. Lists that load page by page are in the features that show them.
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { admin } from "./admin";
import { account, auth, videos, webhooks } from "./endpoints";
import type { JobStatus } from "./types";

/** Without the models requests carry no settings, so keep trying. */
const modelsRetryMs = 15_000;
const statsIntervalMs = 5_000;
const upstreamsIntervalMs = 30_000;
const budgetsIntervalMs = 30_000;
const jobIntervalMs = 5_000;
const webhooksIntervalMs = 300_000;
const deliveriesIntervalMs = 3_000;

export const queries = {
  me: queryOptions({ queryKey: ["me"], queryFn: () => auth.me() }),
  models: queryOptions({
    queryKey: ["models"],
    queryFn: () => videos.models(),
    staleTime: Infinity,
    gcTime: Infinity,
    retry: true,
    retryDelay: modelsRetryMs,
  }),
  sessions: queryOptions({ queryKey: ["sessions"], queryFn: () => account.sessions() }),
  budgets: queryOptions({ queryKey: ["budgets"], queryFn: () => account.budgets(), refetchInterval: budgetsIntervalMs }),
  usage: queryOptions({ queryKey: ["usage", "costs"], queryFn: () => account.usage() }),
  keys: queryOptions({ queryKey: ["keys"], queryFn: () => account.keys() }),
  webhooks: queryOptions({ queryKey: ["webhooks"], queryFn: () => webhooks.list(), refetchInterval: webhooksIntervalMs }),
  webhookDeliveries: (id: string) =>
    queryOptions({ queryKey: ["webhooks", id, "deliveries"], queryFn: () => webhooks.deliveries(id), refetchInterval: deliveriesIntervalMs }),
  /** `version` changes when the attempts may have changed. */
  attempts: (jobId: string, version: string) =>
    queryOptions({ queryKey: ["attempts", jobId, version], queryFn: () => videos.attempts(jobId), placeholderData: keepPreviousData }),
  shared: (token: string) => queryOptions({ queryKey: ["shared", token], queryFn: () => videos.shared(token), staleTime: Infinity }),
  adminStats: queryOptions({
    queryKey: ["admin", "stats"],
    queryFn: () => admin.stats(),
    refetchInterval: statsIntervalMs,
    // Repeated at the next interval.
    retry: false,
  }),
  adminUpstreams: queryOptions({
    queryKey: ["admin", "upstreams"],
    queryFn: () => admin.upstreams(),
    refetchInterval: upstreamsIntervalMs,
    retry: false,
  }),
  adminPools: queryOptions({
    queryKey: ["admin", "pools"],
    queryFn: () => admin.pools(),
    refetchInterval: statsIntervalMs,
    retry: false,
  }),
  adminJob: (jobId: string) =>
    queryOptions({
      queryKey: ["admin", "job", jobId],
      queryFn: () => admin.job(jobId),
      refetchInterval: ({ state }) => (state.data && isUnfinished(state.data.status) ? jobIntervalMs : false),
    }),
  adminCosts: (by: string) =>
    queryOptions({ queryKey: ["admin", "costs", by], queryFn: () => admin.costs(by), placeholderData: keepPreviousData }),
  adminQueue: queryOptions({ queryKey: ["admin", "queue"], queryFn: () => admin.queue() }),
};

const isUnfinished = (status: JobStatus): boolean => status === "pending" || status === "processing";
