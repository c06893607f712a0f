// What operators see: one trace from the request to the upstream, logs without secrets and without control characters, and the
// documented metrics.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { once } from "node:events";
import { connect } from "node:net";
import { after, test } from "node:test";
import { eventually, freePort, root, start } from "../platform.js";

const platforms = [];
after(() => Promise.all(platforms.map((platform) => platform.stop())));

const secrets = { password: "correct horse battery", token: "sk-hunter2hunter2", query: "query-hunter2" };
const hostile = "agent\u202e\u2066\u0085\u200f";

async function platform(dialect, format) {
  const [gateway, processor] = [await freePort(), await freePort()].map((port) => `127.0.0.1:${port}`);
  const started = await start({
    simulator: ["--pace", "5", "--steps", "8", "--poll-after", "20"],
    dialect,
    shared: { LOG_FORMAT: format },
    gateway: { METRICS_LISTEN: gateway },
    processor: { METRICS_LISTEN: processor, SORA_RETRY_BASE: "20ms", SORA_POLL_INTERVAL: "20ms" },
  });
  const observed = { ...started, metrics: { gateway, processor } };
  platforms.push(observed);
  const register = { email: "ada@example.org", password: secrets.password };
  const { token } = await json(await fetch(`${started.url}/api/auth/register`, post(register)), 201);
  secrets.session = token;
  return Object.assign(observed, { token });
}

const post = (body, headers) => ({
  method: "POST",
  headers: { "content-type": "application/json", ...headers },
  body: JSON.stringify(body),
});

async function json(response, status) {
  const text = await response.text();
  assert.equal(response.status, status, text);
  return JSON.parse(text);
}

/** Creates a video within a client's trace; returns the job's id. */
async function video({ url, token, check }, trace, prompt) {
  const authorization = `Bearer ${token}`;
  const headers = { authorization, traceparent: `00-${trace}-${randomBytes(8).toString("hex")}-01` };
  const { job } = await json(await fetch(`${url}/api/videos`, post({ prompt }, headers)), 202);
  await eventually("the video is made", async () => {
    check();
    const response = await fetch(`${url}/api/videos/jobs/${job.id}`, { headers: { authorization } });
    const { status, errorMessage } = await json(response, 200);
    assert.notEqual(status, "failed", errorMessage);
    return status === "completed";
  });
  return job.id;
}

/** The simulator's log entries for a method and path, each with the trace it received. */
function upstreamRequests(platform, pattern) {
  const lines = platform.log("simulator").split("\n").filter((line) => pattern.test(line));
  return lines.map((line) => /traceparent="?00-([0-9a-f]{32})-([0-9a-f]{16})-01/.exec(line)?.slice(1) ?? null);
}

for (const { dialect, format } of [
  { dialect: "chat/completions", format: "json" },
  { dialect: "videos", format: "pretty" },
]) {
  let observed;

  test(`a trace continues from the request to the upstream (${dialect})`, { timeout: 120_000 }, async () => {
    observed = await platform(dialect, format);
    const trace = randomBytes(16).toString("hex");
    const job = await video(observed, trace, "a lighthouse of hunter2 [sim:http-503*1]");
    const ours = (name) => observed.log(name).split("\n").filter((line) => line.includes(job));
    for (const name of ["gateway", "processor"]) {
      const lines = await eventually(`the ${name} logs the job`, () => ours(name).length && ours(name));
      // Requests for the job's state belong to other traces.
      const jobLines = lines.filter((line) => !line.includes(`/api/videos/jobs/${job}`));
      assert(jobLines.length > 0 && jobLines.every((line) => line.includes(trace)), `${name}:\n${jobLines.join("\n")}`);
    }
    const submissions = upstreamRequests(observed, new RegExp(`POST /v1/${dialect}`));
    assert.deepEqual(submissions.map(([id]) => id), [trace, trace]);
    assert.notEqual(submissions[0][1], submissions[1][1], "attempts share a span");
    if (dialect === "videos") {
      const polls = upstreamRequests(observed, /GET \/v1\/videos\/\{id\}(?!\/content)/);
      assert(polls.length > 0 && polls.every((place) => String(place) === String(submissions[1])), polls.join("\n"));
    }
    const downloads = upstreamRequests(observed, /GET \/(media|v1\/videos\/\{id\}\/content)/);
    assert(downloads.length > 0 && downloads.every((place) => place === null), "the download sends a trace header");
  });

  test(`logs contain no errors, control characters or secrets (${format})`, { timeout: 120_000 }, async () => {
    const { url, port, log, metrics } = observed;
    await fetch(`${url}/api/videos?token=${secrets.query}`, { headers: { authorization: `Bearer ${secrets.token}` } });
    // Sent by hand, because fetch would encode the path.
    const socket = connect(port, "127.0.0.1");
    const head = `GET /api/%E2%80%AE%1b%0a HTTP/1.1\r\nHost: localhost:${port}\r\nUser-Agent: ${hostile}\r\nConnection: close\r\n\r\n`;
    socket.resume().write(head);
    await once(socket, "close");
    await eventually("the gateway logs the request", () => log("gateway").includes("/api/%E2%80%AE%1b%0a"));
    assert.equal((await fetch(`http://${metrics.gateway}/readyz`)).status, 200);
    for (const name of ["gateway", "processor"]) {
      const text = log(name);
      assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/, name);
      for (const [what, secret] of Object.entries(secrets)) assert(!text.includes(secret), `${what} in the log of the ${name}`);
      assert(!text.includes("lighthouse"), `the prompt in the log of the ${name}`);
      if (format === "json") text.trim().split("\n").forEach((line) => JSON.parse(line));
    }
    if (format === "json") {
      const entries = log("gateway").trim().split("\n").map((line) => JSON.parse(line));
      assert(entries.some(({ user_agent }) => user_agent === hostile), "the escaped value differs after decoding");
      const answered = entries.filter(({ target }) => target === "access");
      for (const entry of answered) {
        for (const field of ["request.id", "trace_id", "method", "path", "status", "milliseconds", "authorisation"]) {
          assert(entry[field] !== undefined, `${field} is missing in ${JSON.stringify(entry)}`);
        }
      }
    }
    // One job with one retry.
    const jobLines = log("processor").split("\n").filter((line) => line.includes("job.id"));
    assert(jobLines.length <= 14, `too many log lines for one job:\n${jobLines.join("\n")}`);
  });
}

test("exposes exactly the documented metrics, with correct counts", { timeout: 60_000 }, async () => {
  const [{ metrics }] = platforms;
  const exposed = {};
  for (const name of ["gateway", "processor"]) exposed[name] = read(await (await fetch(`http://${metrics[name]}/metrics`)).text());
  const text = readFileSync(`${root}/docs/OPERATIONS.md`, "utf8");
  const documented = text.split("\n").filter((line) => /^\| `\w+` \| (counter|gauge|histogram) \|/.test(line));
  assert.deepEqual(documented, rows(exposed));

  const value = (name, sample) => exposed[name].samples.get(sample);
  assert.equal(value("gateway", "sora_jobs_accepted_total"), 1);
  assert.equal(value("gateway", "sora_jobs_waiting"), 0);
  assert.equal(value("gateway", "sora_workers"), 1);
  assert.equal(value("gateway", "sora_bus_listening"), 1);
  assert.equal(value("gateway", "sora_websocket_slow_clients_total"), 0);
  assert.equal(value("gateway", 'sora_http_requests_total{method="POST",route="/api/videos",status="202"}'), 1);
  assert.equal(value("processor", 'sora_jobs_ended_total{outcome="completed"}'), 1);
  assert.equal(value("processor", 'sora_jobs_ended_total{outcome="poison"}'), 0);
  assert.equal(value("processor", 'sora_retries_total{budget="retry"}'), 1);
  assert.equal(value("processor", 'sora_attempts_ended_total{outcome="busy"}'), 1);
  assert.equal(value("processor", 'sora_upstream_requests_total{call="submit",status="503"}'), 1);
  assert.equal(value("processor", 'sora_job_phase_seconds_count{phase="downloading"}'), 1);
  assert.equal(value("processor", 'sora_job_queue_seconds_bucket{le="86400"}'), 1);
  assert(value("processor", "sora_video_stored_bytes_total") > 1000);
  for (const name of ["gateway", "processor"]) assert(value(name, "process_start_time_seconds") > 1.7e9);
});

/** The metrics that a process exposes: type, labels and help by name, and the value of each sample. */
function read(text) {
  const [metrics, samples] = [new Map(), new Map()];
  const metric = (name) => metrics.get(name) ?? metrics.set(name, { labels: new Set() }).get(name);
  for (const line of text.split("\n").filter(Boolean)) {
    const [, what, name, rest] = /^# (HELP|TYPE) (\w+) (.*)$/.exec(line) ?? [];
    if (what) metric(name)[what.toLowerCase()] = rest;
    else {
      const [, sample, labels, number] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line);
      const owner = metrics.has(sample) ? sample : sample.replace(/_(bucket|sum|count)$/, "");
      for (const [, label] of (labels ?? "").matchAll(/(\w+)="/g)) if (label !== "le") metric(owner).labels.add(label);
      const sorted = labels?.split(/,(?=\w+=")/).sort().join(",");
      samples.set(sorted ? `${sample}{${sorted}}` : sample, Number(number));
    }
  }
  return { metrics, samples };
}

/** The rows of docs/OPERATIONS.md that these metrics should have. */
function rows(exposed) {
  const names = [...new Set(Object.values(exposed).flatMap(({ metrics }) => [...metrics.keys()]))].sort();
  return names.map((name) => {
    const processes = Object.keys(exposed).filter((process) => exposed[process].metrics.has(name));
    const [first, ...others] = processes.map((process) => exposed[process].metrics.get(name));
    for (const other of others) assert.deepEqual(other, first, `${name} means one thing in each process`);
    const labels = [...first.labels].sort().map((label) => `\`${label}\``).join(", ");
    return `| \`${name}\` | ${first.type} | ${labels} | ${processes.join(", ")} | ${first.help} |`;
  });
}
