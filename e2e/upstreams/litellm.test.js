// LiteLLM's proxy between processor and simulator: a third-party server of the `videos` API. Run by scripts/test-upstreams,
// which installs it and sets LITELLM to its program.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { eventually, freePort, run, start, stop } from "../platform.js";

const KEY = "sk-litellm";

let folder, simulator, proxyAddress, platform, headers;
const processes = [];

before(async () => {
  if (!process.env.LITELLM) throw new Error("LITELLM is not set: run scripts/test-upstreams");
  folder = await mkdtemp(join(tmpdir(), "litellm-"));
  simulator = await run(processes, "simulator", ["--listen", "127.0.0.1:0", "--pace", "100"], {}).waitForLog(/listening on (http:\S+)/);
  proxyAddress = `http://127.0.0.1:${await startProxy()}`;
  platform = await start({
    dialect: "videos",
    gateway: { FRONTEND_DIST: undefined },
    processor: {
      SORA_API_URL: `${proxyAddress}/v1/videos`,
      SORA_API_TOKEN: KEY,
      SORA_RETRY_BASE: "100ms",
      SORA_MAX_RESUBMITS: "0",
    },
  });
  headers = { "Content-Type": "application/json" };
  const account = { email: "litellm@example.com", password: "at least eight" };
  const registered = await post("/api/auth/register", account);
  headers.Authorization = `Bearer ${registered.token}`;
});

after(async () => {
  await platform?.stop();
  await stop(processes, folder);
});

test("a job is completed with the upstream's video", async () => {
  const job = await finished("A paper boat on a canal");
  assert.equal(job.status, "completed", JSON.stringify(job));
  const answer = await fetch(`${platform.url}/api/videos/${job.videoId}/content`, { headers });
  assert.equal(answer.status, 200);
  assert.match(Buffer.from(await answer.arrayBuffer()).subarray(4, 8).toString(), /ftyp/);
  assert.equal(await submissions(job), 1);
});

test("a request that the upstream rejects is final and free", async () => {
  const job = await finished("A paper boat [sim:http-422]");
  assert.equal(job.status, "failed", JSON.stringify(job));
  assert.equal(job.errorCode, "invalid");
  assert.equal(job.mayHaveBeenCharged, false);
  assert.equal(await submissions(job), 0);
});

test("a refusal after acceptance is final and counts as charged", async () => {
  const job = await finished("A paper boat [sim:refuse@40%]");
  assert.equal(job.errorCode, "refused", JSON.stringify(job));
  assert.equal(job.mayHaveBeenCharged, true);
  assert.equal(await submissions(job), 1);
});

test("a generation that fails is not submitted again", async () => {
  const job = await finished("A paper boat [sim:failed@60%]");
  assert.equal(job.errorCode, "interrupted", JSON.stringify(job));
  assert.equal(await submissions(job), 1);
});

test("503 is retried until the request is accepted", async () => {
  const job = await finished("A paper boat [sim:http-503*2]");
  assert.equal(job.status, "completed", JSON.stringify(job));
  assert.equal(await submissions(job), 1);
});

async function startProxy() {
  const config = join(folder, "config.json");
  await writeFile(
    config,
    JSON.stringify({
      model_list: [
        { model_name: "sora2", litellm_params: { model: "openai/sora-2", api_base: `${simulator}/v1`, api_key: "upstream" } },
      ],
      litellm_settings: { num_retries: 0 },
      general_settings: { master_key: KEY },
    }),
  );
  const port = await freePort();
  const flags = ["--config", config, "--host", "127.0.0.1", "--port", String(port), "--telemetry", "False"];
  const proxy = run(processes, process.env.LITELLM, flags, { LITELLM_LOCAL_MODEL_COST_MAP: "True", HOME: folder });
  const answers = () => fetch(`http://127.0.0.1:${port}/health/liveliness`).then(({ ok }) => ok, () => false);
  await eventually("LiteLLM answers", () => (proxy.check(), answers()), 90);
  return port;
}

async function finished(prompt) {
  const { job } = await post("/api/videos", { prompt });
  return eventually(`the end of ${prompt}`, async () => {
    const now = await fetch(`${platform.url}/api/videos/jobs/${job.id}`, { headers }).then((answer) => answer.json());
    return ["completed", "failed", "cancelled"].includes(now.status) && now;
  });
}

/** Number of requests for this prompt that the simulator accepted. */
async function submissions({ prompt }) {
  const answer = await fetch(`${simulator}/sim/stats?prompt=${encodeURIComponent(prompt)}`);
  return (await answer.json()).submissions;
}

async function post(path, body) {
  const answer = await fetch(platform.url + path, { method: "POST", headers, body: JSON.stringify(body) });
  const text = await answer.text();
  assert(answer.ok, `${path}: ${answer.status} ${text}`);
  return JSON.parse(text);
}
