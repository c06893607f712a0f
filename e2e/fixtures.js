// Data for the fake gateway: an account, jobs in every state, and the admin pages.
const now = Date.now();
const ago = (minutes) => new Date(now - minutes * 60_000).toISOString();

export const user = { id: "user-1", email: "lin@example.com", name: "Lin", role: "admin", createdAt: ago(60 * 24 * 90) };

export function job(fields) {
  return {
    status: "completed", phase: null, progress: 0, seq: 1, orientation: "landscape", seconds: 10, model: "sora2", size: fields.orientation === "portrait" ? "720x1280" : "1280x720", videoId: null,
    remixOf: null, referenceImageId: null, resubmits: 0,
    queuePosition: null, retries: 0, cancelling: false, nextAttemptAt: null, errorCode: null, errorMessage: null,
    mayHaveBeenCharged: false, createdAt: ago(1), startedAt: null, finishedAt: null, ...fields,
  };
}

const prompts = [
  "A lighthouse in a storm at night, its beam sweeping through the rain, seen from a small boat",
  "雨夜的上海弄堂，霓虹倒映在积水里，一只橘猫跳上自行车后座，镜头缓慢推进",
  "Close-up of a street cook pulling noodles by hand, flour in warm morning light",
  "A paper fox unfolds itself on a wooden desk and looks out at falling snow, stop motion",
  "航拍云南梯田，清晨薄雾散开，阳光一层层照亮水面",
  "Macro shot of frost growing over a window, time lapse",
  "An old tram climbs a hill in Lisbon at dusk, seen from its rear window",
  "水墨画风格：一叶扁舟穿过峡谷，远山渐渐晕开",
  "Two astronauts play chess on the far side of the moon, dust hanging in the light",
  "A diver swims through a sunken library, books drifting like fish",
];
const shape = (index) => (index % 5 === 1 || index % 7 === 3 ? "portrait" : "landscape");

/** `count` finished jobs in mixed orientations, newest first. */
export const finishedJobs = (count) =>
  Array.from({ length: count }, (_, index) =>
    job({
      id: `done-${String(99999 - index)}`, videoId: `${shape(index)}-${index}`, prompt: prompts[index % prompts.length], orientation: shape(index), progress: 100,
      createdAt: ago(20 + index * 37), startedAt: ago(19 + index * 37), finishedAt: ago(16 + index * 37),
    }),
  );

export const runningJobs = [
  job({ id: "live-1", status: "processing", phase: "generating", progress: 62, prompt: prompts[0], startedAt: ago(1.1), etaSeconds: { p50: 110, p90: 180 } }),
  job({ id: "live-2", status: "processing", phase: "generating", progress: 24, prompt: prompts[1], orientation: "portrait", startedAt: ago(0.6), etaSeconds: { p50: 120, p90: 180 } }),
  job({ id: "live-3", status: "processing", phase: "downloading", progress: 100, prompt: prompts[5], startedAt: ago(2.4) }),
  job({ id: "live-4", status: "pending", phase: "retrying", retries: 1, prompt: prompts[6], nextAttemptAt: new Date(now + 45_000).toISOString(), mayHaveBeenCharged: true }),
  job({ id: "live-5", status: "pending", queuePosition: 3, prompt: prompts[7], etaSeconds: { p50: 120, p90: 240 } }),
];

export const failedJobs = ["refused", "busy", "stalled", "unfetchable", "timed_out"].map((errorCode, index) =>
  job({
    id: `fail-${index}`, status: "failed", errorCode, prompt: prompts[index + 2], orientation: index === 1 ? "portrait" : "landscape",
    mayHaveBeenCharged: index > 1, createdAt: ago(8 + index), startedAt: ago(8 + index), finishedAt: ago(5 + index), errorMessage: errorCode === "refused" ? "The video service refused this prompt: it names a living person." : null,
  }),
);
export const cancelledJob = job({ id: "gone-1", status: "cancelled", prompt: prompts[8], createdAt: ago(14), mayHaveBeenCharged: true });

const model = (id, more) => ({
  id, title: { en: id, zh: id }, orientations: ["landscape", "portrait"], referenceImage: "optional", remix: true, price: null,
  status: "active", retiresOn: null, default: false, ...more,
});
export const models = {
  models: [
    model("sora2", { seconds: [10, 15], sizes: ["1280x720", "1920x1080", "720x1280", "1080x1920"], default: true }),
    model("sora2-pro", { seconds: [10, 15, 25], sizes: ["1280x720", "720x1280"] }),
  ],
  defaults: { model: "sora2", orientation: "landscape", seconds: 10, size: "1280x720" },
};

const chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36";
const iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1";
const audit = [["queue.pause", null], ["user.disable", "someone@example.com"], ["job.retry", "0193f2c4-7b1e"]];

export const account = {
  "GET /api/keys": { data: [
    { id: "k1", name: "Render farm", scopes: ["read", "create"], createdAt: ago(60 * 24 * 12), lastUsedAt: ago(4) },
    { id: "k2", name: "看板", scopes: ["read"], createdAt: ago(60 * 24 * 3), lastUsedAt: null },
  ] },
  "POST /api/keys": { id: "k3", name: "New", scopes: ["read"], createdAt: ago(0), lastUsedAt: null, key: "sk-3hV0kq1nZr8mC5tXw7YbJd2LfPs9uGa4" },
  "GET /api/webhooks": { data: [
    { id: "w1", name: "Render farm", url: "https://farm.example.com/hooks/videos", events: ["video.completed", "video.failed", "video.cancelled"], enabled: true, disabledReason: null, failingSince: null, previousSecretUntil: null, createdAt: ago(60 * 24 * 9) },
    { id: "w2", name: "看板", url: "https://board.example.com/hook", events: ["video.completed"], enabled: true, disabledReason: null, failingSince: ago(90), previousSecretUntil: ago(-600), createdAt: ago(60 * 24 * 2) },
  ] },
  "POST /api/webhooks": { id: "w3", name: "New", url: "https://example.com/hook", events: ["video.completed"], enabled: true, disabledReason: null, failingSince: null, previousSecretUntil: null, createdAt: ago(0), secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" },
  "GET /api/webhooks/w2/deliveries": { data: [
    { id: "d3", eventId: "evt_01a2168255d37b5c9f1f6e7a143477f5", eventType: "video.completed", jobId: "done-99999", status: "pending", attempts: 2, nextAttemptAt: ago(-4), lastAttemptAt: ago(1), durationMs: 812, responseStatus: 503, responseBody: "<h1>Service Unavailable</h1>", error: "status 503", createdAt: ago(6), finishedAt: null },
    { id: "d2", eventId: "evt_01a2168241437b77b59f1f6e7a143477", eventType: "video.completed", jobId: null, status: "failed", attempts: 8, nextAttemptAt: null, lastAttemptAt: ago(90), durationMs: 10_004, responseStatus: null, responseBody: null, error: "no response within 10 seconds", createdAt: ago(60 * 29), finishedAt: ago(90) },
    { id: "d1", eventId: "evt_01a216828a7d7c0c82c9f513966737c0", eventType: "video.completed", jobId: "done-99998", status: "delivered", attempts: 1, nextAttemptAt: null, lastAttemptAt: ago(60 * 40), durationMs: 93, responseStatus: 204, responseBody: "", error: null, createdAt: ago(60 * 40), finishedAt: ago(60 * 40) },
  ], nextCursor: null },
  "GET /api/auth/sessions": { data: [
    { id: "s1", createdAt: ago(60 * 5), lastSeenAt: ago(0), userAgent: chrome, current: true },
    { id: "s2", createdAt: ago(60 * 50), lastSeenAt: ago(90), userAgent: iphone, current: false },
  ] },
  "GET /api/admin/stats": {
    waiting: 12, oldestWaiting: ago(3), inFlight: 8, completed: 1_284, failed: 31, cancelled: 17, poisoned: 2, submissionsToday: 1_377, users: 46,
    workers: [{ id: "w1", host: "processor-7f9c-1", startedAt: ago(700), inFlight: 5, leaseUntil: ago(-0.5) }, { id: "w2", host: "processor-7f9c-2", startedAt: ago(690), inFlight: 3, leaseUntil: ago(-0.4) }],
  },
  "GET /api/admin/queue": { paused: false, concurrency: 8 },
  "GET /api/admin/jobs": { data: [...runningJobs, ...failedJobs, cancelledJob].map((one, index) => ({ ...one, userEmail: index % 2 ? "mei@example.com" : user.email })), nextCursor: "more" },
  "GET /api/admin/upstreams": { data: [] },
  "GET /api/admin/users": { data: [
    { ...user, disabled: false, jobs: 312 },
    { id: "u2", email: "mei@example.com", name: "梅", role: "user", createdAt: ago(60 * 24 * 40), disabled: false, jobs: 87 },
    { id: "u3", email: "someone@example.com", name: null, role: "user", createdAt: ago(60 * 24 * 9), disabled: true, jobs: 3 },
  ], nextCursor: null },
  "GET /api/admin/audit": { data: audit.map(([action, target], index) => ({ id: `a${index}`, at: ago(30 + index * 200), actor: user.email, action, target })), nextCursor: null },
};

export const attempts = { data: [
  { number: 1, sentAt: ago(19), acceptedAt: null, finishedAt: ago(18.9), outcome: "busy", mayHaveBeenCharged: false },
  { number: 2, sentAt: ago(18.5), acceptedAt: ago(18.4), finishedAt: ago(17.5), outcome: "interrupted", mayHaveBeenCharged: true },
  { number: 3, sentAt: ago(17.3), acceptedAt: ago(17.2), finishedAt: ago(16), outcome: "completed", mayHaveBeenCharged: true },
] };

/** A failed job as administrators see it. */
export const adminJob = {
  ...failedJobs[3], userId: "u2", userEmail: "mei@example.com",
  attempts: [{
    id: "attempt-1", number: 1, upstream: "https://api.example.com/v1/chat/completions", sentAt: ago(19), acceptedAt: ago(18.9), finishedAt: ago(17),
    upstreamId: "video_7d41", resultUrl: "https://cdn.example.com/preview.html", outcome: "unfetchable", detail: "The address is a page.", mayHaveBeenCharged: true, cost: "0.80", costState: "possible", currency: "CNY",
    evidence: `data: {"choices":[{"delta":{"content":"[click here](https://cdn.example.com/preview.html)"}}]}\n\ndata: [DONE]\n`,
    results: [
      { position: 1, url: "https://cdn.example.com/preview.html", source: "link", addedBy: null, createdAt: ago(17.2) },
      { position: 2, url: `https://cdn.example.com/${"v".repeat(200)}.mp4`, source: "admin", addedBy: "user-1", createdAt: ago(5) },
    ],
  }],
};

/** Upstreams of which one is suspended. */
export const upstreams = { data: [
  { upstream: "https://api.example.com/v1/chat/completions", unreadableJobs: 3, lastJobId: "fail-0", sample: '{"result": {"state": 7}}', since: ago(40), suspendedAt: ago(12) },
  { upstream: "https://spare.example.com/v1/videos", unreadableJobs: 1, lastJobId: "fail-1", sample: "<html>", since: ago(9), suspendedAt: null },
] };

/** Responses for a signed-in user with these jobs. */
export const signedIn = (jobs, more = {}) => ({
  "GET /api/auth/me": { user, expiresAt: ago(-60 * 24), storage: { used: 4_620_000_000, quota: 5_000_000_000 } },
  "GET /api/models": models,
  "GET /api/videos/jobs": ({ url }) => {
    const q = url.searchParams.get("q")?.toLowerCase() ?? "";
    const status = url.searchParams.get("status");
    return { data: jobs.filter((one) => one.prompt.toLowerCase().includes(q) && (!status || one.status === status)), nextCursor: null };
  },
  ...account,
  ...more,
});
