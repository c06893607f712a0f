// Following a job by Server-Sent Events with curl, through a real nginx with our template, across a restart of the gateway.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { startNginx } from "../nginx.js";
import { freePort, root, start, stop } from "../platform.js";

let platform, url, folder;
const processes = [];
before(async () => {
  const port = await freePort();
  url = `http://localhost:${port}`;
  platform = await start({ simulator: ["--pace", "200", "--steps", "20"], gateway: { ALLOWED_ORIGINS: url } });
  folder = await mkdtemp(join(tmpdir(), "nginx-"));
  await startNginx(processes, folder, port, { GATEWAY: `127.0.0.1:${platform.port}`, PAGE: join(root, "frontend/dist") });
});
after(async () => {
  await stop(processes, folder);
  await platform?.stop();
});

async function post(path, body, headers = {}) {
  const request = { method: "POST", headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) };
  const response = await fetch(`${url}${path}`, request);
  assert(response.ok, `${path}: ${response.status}`);
  return response.json();
}

/** Passes the id and the frame of each event to `handle` until it returns true or the stream ends. */
async function follow(path, key, last, handle) {
  const resume = last === undefined ? [] : ["-H", `Last-Event-ID: ${last}`];
  const curl = spawn("curl", ["-sNf", `${url}${path}`, "-H", `Authorization: Bearer ${key}`, ...resume]);
  let id;
  for await (const line of createInterface({ input: curl.stdout })) {
    if (line.startsWith("id: ")) id = line.slice(4);
    if (line.startsWith("data: ") && (await handle(id, JSON.parse(line.slice(6))))) break;
  }
  curl.kill();
}

test("curl follows a job through nginx, across a restart of the gateway", { timeout: 120_000 }, async () => {
  const { token } = await post("/api/auth/register", { email: "ada@example.org", password: "correct horse battery" });
  const bearer = (secret) => ({ authorization: `Bearer ${secret}` });
  const { key } = await post("/api/keys", { name: "ci", scopes: ["read", "create"] }, bearer(token));
  const { job } = await post("/api/videos", { prompt: "A lighthouse in the rain" }, bearer(key));
  const path = `/api/videos/jobs/${job.id}/events`;
  const seen = [];
  // Read while the job runs: nothing on the way collects events.
  await follow(path, key, undefined, (id, frame) => {
    seen.push({ event: id, ...frame });
    return frame.progress > 0;
  });
  const running = seen.at(-1);
  assert.equal(running.status, "processing");
  await platform.restartGateway();
  await follow(path, key, running.event, (id, frame) => {
    seen.push({ event: id, ...frame });
  });
  assert.equal(seen.at(-1).status, "completed");
  const seqs = seen.filter(({ type }) => type === "job").map(({ seq }) => seq);
  assert.deepEqual(seqs, [...new Set(seqs)].toSorted((a, b) => a - b), "each state once, in order");
  assert(seen.every(({ event, type, seq }) => type !== "job" || event === String(seq)));
  const again = await fetch(`${url}${path}`, { headers: { ...bearer(key), "last-event-id": seen.at(-1).event } });
  assert.equal(again.status, 204);
});
