// Connects the live connection to the browser's events and the job store. Started once per signed-in user.
import { asApiError } from "@/lib/api/client";
import { auth, videos } from "@/lib/api/endpoints";
import { socketUrl } from "@/lib/api/urls";
import { clearUnconfirmedErrors } from "@/lib/jobs/actions";
import { isActive, knownJobs } from "@/lib/jobs/reducer";
import { useJobs } from "@/lib/jobs/store";
import { Batch } from "@/lib/live/batch";
import { resetConnection, setConnection, type ConnectionState } from "@/lib/live/connectionStore";
import type { Frame } from "@/lib/live/frames";
import { LiveConnection, type SocketLike } from "@/lib/live/socket";

const subprotocol = "sora.v1";
/** Default polling interval, in seconds; a longer `Retry-After` overrides it. */
const defaultPollSeconds = 2;
/** Active jobs that are not on the first page are fetched one by one; at most this many per poll. */
const maxSingleFetches = 5;

/** Returns a function that stops it. */
export function startLive(onSignedOut: () => void): () => void {
  const { apply } = useJobs.getState();
  const batch = new Batch((jobs) => apply({ type: "jobs", jobs }));
  const connection = new LiveConnection({
    open: openSocket,
    clock: {
      // Not performance.now(), which may stop while the machine sleeps.
      now: () => Date.now(),
      setTimeout: (run, ms) => window.setTimeout(run, ms),
      clearTimeout: (id) => window.clearTimeout(id),
    },
    random: Math.random,
    online: () => navigator.onLine,
    known: () => knownJobs(useJobs.getState()),
    hasActiveJobs,
    poll: createListPoll(),
    checkSession,
    onFrame: (frame) => applyFrame(frame, batch, apply),
    onState,
    onSignedOut,
  });

  const unsubscribe = useJobs.subscribe((state, previous) => {
    if (state.jobs !== previous.jobs) connection.refresh();
  });
  const wake = () => connection.wake();
  const onVisibilityChange = () => {
    if (document.visibilityState === "visible") connection.wake();
    else batch.flush();
  };
  const onOffline = () => connection.refresh();
  window.addEventListener("online", wake);
  window.addEventListener("offline", onOffline);
  window.addEventListener("pageshow", wake);
  document.addEventListener("visibilitychange", onVisibilityChange);
  // A frozen tab may resume without having been hidden.
  document.addEventListener("resume", wake);
  connection.start();

  return () => {
    connection.stop();
    batch.clear();
    unsubscribe();
    resetConnection();
    window.removeEventListener("online", wake);
    window.removeEventListener("offline", onOffline);
    window.removeEventListener("pageshow", wake);
    document.removeEventListener("visibilitychange", onVisibilityChange);
    document.removeEventListener("resume", wake);
  };
}

function onState(state: ConnectionState): void {
  setConnection(state);
  // The snapshot shows whether unanswered actions took effect.
  if (state === "live") clearUnconfirmedErrors();
}

const openSocket = (): SocketLike => new WebSocket(socketUrl(), subprotocol) as unknown as SocketLike;

const hasActiveJobs = (): boolean => [...useJobs.getState().jobs.values()].some(isActive);

function applyFrame(frame: Frame, batch: Batch, apply: ReturnType<typeof useJobs.getState>["apply"]): void {
  if (frame.type === "job") {
    batch.add(frame.job);
    return;
  }
  batch.flush();
  if (frame.type === "snapshot") apply({ type: "jobs", jobs: frame.jobs });
  else if (frame.type === "position" || frame.type === "gone") apply(frame);
}

/** Polls the list by its ETag; resolves to the minimum delay in ms before the next poll. */
function createListPoll(): () => Promise<number> {
  let tag: string | null = null;
  let listed = new Set<string>();
  return async () => {
    try {
      const response = await videos.pollJobs(50, tag);
      tag = response.tag;
      if (response.data) {
        listed = new Set(response.data.data.map((job) => job.id));
        useJobs.getState().apply({ type: "jobs", jobs: response.data.data });
      }
      const missing = [...useJobs.getState().jobs.values()].filter((job) => isActive(job) && !listed.has(job.id));
      await Promise.all(missing.slice(0, maxSingleFetches).map((job) => fetchJob(job.id)));
      const { retryAfter } = response;
      return retryAfter !== null && retryAfter > defaultPollSeconds ? retryAfter * 1_000 : 0;
    } catch (cause) {
      const error = asApiError(cause);
      if (error.status === 0 || error.status >= 500) throw error;
      return (error.retryAfter ?? 0) * 1_000;
    }
  };
}

async function fetchJob(id: string): Promise<void> {
  const { apply } = useJobs.getState();
  try {
    apply({ type: "jobs", jobs: [await videos.job(id)] });
  } catch (cause) {
    if (asApiError(cause).status === 404) apply({ type: "gone", id, seq: 0 });
  }
}

async function checkSession(): Promise<boolean> {
  try {
    await auth.me();
    return true;
  } catch (cause) {
    return asApiError(cause).status !== 401;
  }
}
