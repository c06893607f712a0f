// Every page of the application in its relevant states, on a fake gateway. Each has a path, the jobs and responses it needs, the
// actions that lead to it, and in `ready` a selector that shows that it has been reached.
import { adminJob, attempts, cancelledJob, runningJobs, failedJobs, finishedJobs, signedIn, upstreams } from "./fixtures.js";

const busy = [...runningJobs, ...failedJobs, cancelledJob, ...finishedJobs(14)];
const [first, tall] = finishedJobs(2);
const remixed = { ...first, mayHaveBeenCharged: true, retries: 1, resubmits: 1, remixOf: tall.id, referenceImageId: "image-1" };
const details = {
  [`GET /api/videos/jobs/${first.id}/attempts`]: attempts,
  [`GET /api/videos/${first.videoId}`]: { id: first.videoId, jobId: first.id, size: 4_812_345, contentType: "video/mp4", createdAt: first.createdAt },
  [`POST /api/videos/${first.videoId}/shares`]: { id: "share-1", token: "q7Xk2m", url: "/share/q7Xk2m", expiresAt: "2027-01-01T00:00:00Z" },
};
const limited = { status: 429, problem: "rate_limited", headers: { "retry-after": "42" } };
const composed = (text) => async (page) => {
  await page.getByTestId("composer-prompt").fill(text);
  await page.keyboard.press("Control+Enter");
};
const upload = (page) => page.getByTestId("composer-image-input").setInputFiles({ name: "a.png", mimeType: "image/png", buffer: Buffer.from("png") });
const refusedImage = (status, problem) => ({
  path: "/",
  jobs: busy,
  answers: { "POST /api/images": { status, problem } },
  act: upload,
  ready: '[data-testid="composer-image-error"]:not(:empty)',
});
const signedOut = { "GET /api/auth/me": { status: 401, problem: "unauthenticated" } };

export const pageStates = {
  "sign-up": { path: "/sign-up", answers: signedOut, ready: '[data-testid="auth-submit"]' },
  "sign-in refused": {
    path: "/sign-in",
    answers: { ...signedOut, "POST /api/auth/login": { status: 401, problem: "invalid_credentials" } },
    act: async (page) => {
      await page.locator('input[name="email"]').fill("lin@example.com");
      await page.locator('input[name="password"]').fill("not this one");
      await page.getByTestId("auth-submit").click();
      await page.locator('[role="alert"]:not(:empty)').waitFor();
    },
  },
  "sign-up closed": {
    path: "/sign-up",
    answers: { ...signedOut, "POST /api/auth/register": { status: 403, problem: "registration_closed" } },
    act: async (page) => {
      await page.locator('input[name="email"]').fill("lin@example.com");
      await page.locator('input[name="password"]').fill("correct horse battery");
      await page.getByTestId("auth-submit").click();
    },
    ready: 'input[name="setupToken"]',
  },
  "server unreachable at start": { path: "/", answers: { "GET /api/auth/me": { status: 502, problem: "unavailable" } }, ready: "main button" },
  "empty gallery": { path: "/", jobs: [], ready: '[data-testid="example-prompts"]' },
  "one job running": { path: "/", jobs: runningJobs.slice(0, 1), ready: '[data-testid="job-card"]' },
  "busy gallery": { path: "/", jobs: busy, ready: '[data-testid="job-card"]' },
  "failed jobs": { path: "/", jobs: [...failedJobs, cancelledJob], ready: '[data-testid="job-failure"]' },
  "delete confirmation": { path: "/", jobs: failedJobs, act: (page) => page.getByTestId("job-delete").first().click(), ready: '[data-testid="job-delete-confirm"]' },
  "selecting several": {
    path: "/",
    jobs: busy,
    act: async (page) => {
      await page.getByTestId("select-start").click();
      await page.getByTestId("job-select").first().click();
      await page.getByTestId("selection-delete").click();
    },
    ready: "dialog",
  },
  "search without results": { path: "/", jobs: busy, act: (page) => page.getByTestId("search").fill("zebra"), ready: '[data-testid="filter-show-all"]' },
  "long prompt and menu": {
    path: "/",
    jobs: busy,
    act: async (page) => {
      await page.getByTestId("composer-prompt").fill("Light falls through the leaves. ".repeat(130));
      await page.getByTestId("composer-orientation").click();
    },
    ready: '[role="menu"]',
  },
  "rate limited": { path: "/", jobs: busy, answers: { "POST /api/videos": limited }, act: composed("A lighthouse"), ready: '[data-testid="composer-notice"]' },
  "server unavailable": { path: "/", jobs: busy, answers: { "POST /api/videos": { status: 503, problem: "unavailable" } }, act: composed("A lighthouse"), ready: '[data-testid="composer-notice"]' },
  "image attached": {
    path: "/",
    jobs: busy,
    answers: { "POST /api/images": { id: "image-1", width: 160, height: 120 } },
    act: upload,
    ready: '[data-testid="composer-image-remove"]',
  },
  "image too large": refusedImage(413, "too_large"),
  "unsupported image type": refusedImage(415, "unsupported_media_type"),
  "invalid image": refusedImage(422, "invalid_fields"),
  "storage full": refusedImage(403, "quota_exceeded"),
  "server unreachable": {
    path: "/",
    jobs: busy,
    act: async (page, sendFrame) => {
      await page.getByTestId("job-card").first().waitFor();
      await page.route("**/api/videos/jobs?*", (route) => route.fulfill({ status: 502 }));
      sendFrame.end();
    },
    ready: '[data-testid="connection"][data-state="unreachable"]',
  },
  offline: {
    path: "/",
    jobs: busy,
    act: async (page) => {
      await page.getByTestId("job-card").first().waitFor();
      await page.context().setOffline(true);
      await composed("A lighthouse")(page);
    },
    ready: '[data-testid="composer-blocker"]:not(:empty)',
  },
  "account menu": { path: "/", jobs: busy, act: (page) => page.getByTestId("account-menu").click(), ready: '[role="menu"]' },
  tooltip: { path: "/", jobs: busy, act: (page) => page.getByTestId("account-menu").focus(), ready: '[role="tooltip"]' },
  "toast for a finished video": {
    path: "/account",
    jobs: runningJobs.slice(0, 1),
    act: async (page, sendFrame) => {
      await page.locator('[data-testid="connection"][data-state="live"]').waitFor();
      sendFrame({ type: "job", ...runningJobs[0], status: "completed", videoId: "landscape-1", seq: 9 });
    },
    ready: '[data-testid="toast"]',
  },
  "video page": { path: `/videos/${first.id}`, jobs: [remixed, tall], answers: details, ready: '[data-testid="attempts"]' },
  "portrait video page": { path: `/videos/${tall.id}`, jobs: [tall], ready: '[data-testid="video-player"]' },
  "video page of a running job": { path: "/videos/live-1", jobs: runningJobs, ready: '[data-testid="job-progress"]' },
  "video page of a failed job": { path: "/videos/fail-2", jobs: failedJobs, ready: '[data-testid="job-failure"]' },
  "video page of a rejected job": { path: "/videos/fail-0", jobs: failedJobs, ready: '[data-testid="video-detail-reason"]' },
  "video missing": {
    path: `/videos/${first.id}`,
    jobs: [first],
    answers: { [`GET /api/videos/${first.videoId}/content`]: { status: 404, problem: "not_found" } },
    ready: '[data-testid="video-play-error"]',
  },
  sharing: {
    path: `/videos/${first.id}`,
    jobs: [first],
    answers: details,
    act: async (page) => {
      await page.getByTestId("share").click();
      await page.getByTestId("share-create").click();
    },
    ready: '[data-testid="share-url"]',
  },
  "video not found": { path: "/videos/none", jobs: [], ready: 'main [role="status"]' },
  "shared video": { path: "/share/q7Xk2m", answers: { ...signedOut, "GET /api/shares/q7Xk2m": { orientation: "landscape", seconds: 10, expiresAt: "2027-01-01T00:00:00Z" } }, ready: '[data-testid="video-player"]' },
  "expired share link": { path: "/share/q7Xk2m", answers: signedOut, ready: 'main [role="status"]' },
  account: { path: "/account", jobs: busy, ready: '[data-testid="sessions"] table' },
  "new key": {
    path: "/account",
    jobs: busy,
    act: async (page) => {
      await page.getByTestId("key-new").click();
      await page.locator("dialog input").first().fill("Render farm");
      await page.getByTestId("key-create").click();
    },
    ready: '[data-testid="key-secret"]',
  },
  "new webhook": {
    path: "/account",
    jobs: busy,
    act: async (page) => {
      await page.getByTestId("webhook-new").click();
      await page.locator("dialog input").first().fill("https://example.com/hook");
      await page.getByTestId("webhook-create").click();
    },
    ready: '[data-testid="webhook-secret"]',
  },
  "webhook deliveries": {
    path: "/account",
    jobs: busy,
    act: async (page) => {
      await page.getByTestId("webhook-manage").nth(1).click();
      await page.locator('[data-testid="webhook-delivery"] summary').first().click();
    },
    ready: '[data-testid="webhook-resend"]',
  },
  "webhook disabled": {
    path: "/",
    jobs: busy,
    answers: { "GET /api/webhooks": { data: [{ id: "w1", name: "Render farm", url: "https://farm.example.com/hook", events: ["video.failed"], enabled: false, disabledReason: "failing", failingSince: null, previousSecretUntil: null, createdAt: "2026-01-01T00:00:00Z" }] } },
    ready: '[data-testid="webhook-disabled"]',
  },
  "delete account": { path: "/account", jobs: busy, act: (page) => page.getByTestId("account-delete").click(), ready: "dialog" },
  "admin overview": { path: "/admin", jobs: busy, ready: '[data-testid="admin-stats"]' },
  "admin jobs": { path: "/admin/jobs", jobs: busy, ready: '[data-testid="admin-job-table"]' },
  "admin job": {
    path: `/admin/jobs/${adminJob.id}`,
    jobs: busy,
    answers: { [`GET /api/admin/jobs/${adminJob.id}`]: adminJob },
    act: async (page) => {
      await page.locator('[data-testid="admin-evidence"] summary').click();
      await page.locator('[data-testid="admin-add-result"] button').click();
    },
    ready: '[data-testid="admin-add-result"] [aria-invalid="true"]',
  },
  "suspended upstream": {
    path: "/",
    jobs: busy,
    answers: { "GET /api/admin/upstreams": upstreams },
    act: (page) => page.locator('[data-testid="upstream-alert"] summary').first().click(),
    ready: '[data-testid="upstream-alert"] pre',
  },
  "admin users": { path: "/admin/users", jobs: busy, ready: '[data-testid="admin-user-table"]' },
  "admin audit": { path: "/admin/audit", jobs: busy, ready: "main table" },
  "page not found": { path: "/nowhere", jobs: [], ready: 'main [role="status"]' },
};

/** The fake gateway's responses for a page state. */
export const responsesFor = ({ jobs, answers }) => (jobs ? signedIn(jobs, answers) : answers);
