// Tests deploy.sh with the real PM2 in a copy of this checkout: releases are deployed, restarted, rolled back and rejected
// under load. No request may fail, and each job is submitted upstream once. Prints one line per step.
// Usage: scripts/with-services node e2e/deploy.js (pm2 must be on the PATH; BINARIES is a folder of built programs)
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { eventually, freePort, root, run, stop } from "./platform.js";

const binaries = resolve(root, process.env.BINARIES ?? "target/debug");
const folder = mkdtempSync(join(tmpdir(), "deploy-"));
const checkout = join(folder, "checkout");
const environment = { PATH: process.env.PATH, HOME: folder, PM2_HOME: join(folder, "pm2") };
const upstream = [];

/** Runs a command in the copy; returns its output and exit status. */
function command(program, args, variables = {}, input = "") {
  return new Promise((done) => {
    const child = spawn(program, args, { cwd: checkout, env: { ...environment, ...variables } });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
    child.stdin.end(input);
    child.on("error", (cause) => (output += cause)).on("close", (status) => done({ status, output }));
  });
}

const deploy = (args, programs = binaries) => command("./deploy.sh", args, { BINARIES: programs });
const current = () => execFileSync("readlink", [join(checkout, "releases/current")]).toString().trim();

/** Runs a step; checks its exit status and output, and prints its duration. */
async function step(title, work, status, expectedOutput) {
  const started = Date.now();
  const { status: found, output } = await work();
  assert.equal(found, status, output);
  assert.match(output, expectedOutput);
  console.log(`${title}: ${((Date.now() - started) / 1000).toFixed(1)} s, ${current()}`);
}

/** Copies the programs and replaces one with a program that fails. */
function broken(name) {
  const programs = join(folder, `broken-${name}`);
  cpSync(binaries, programs, { recursive: true, filter: (path) => path === binaries || /\/(gateway|processor|migration|xtask)$/.test(path) });
  writeFileSync(join(programs, name), "#!/bin/sh\necho this release does not work >&2\nexit 1\n");
  chmodSync(join(programs, name), 0o755);
  return programs;
}

/** Sends a request on a new connection, as a new visitor does. */
function sendRequest(port, method, path, token, body) {
  return new Promise((done, fail) => {
    const headers = { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) };
    const sent = request({ host: "127.0.0.1", port, method, path, headers, agent: new Agent({ keepAlive: false }) }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part) => (text += part)).on("end", () => done({ status: response.statusCode, text })).on("error", fail);
    });
    sent.on("error", fail).end(body && JSON.stringify(body));
  });
}

/** Sends requests continuously and submits several jobs per second, until stopped. */
function load(port, token) {
  const results = { requests: 0, failed: [], jobs: [] };
  let running = true;
  const repeat = async (rest, work) => {
    while (running) {
      await work().then(() => (results.requests += 1), (cause) => results.failed.push(`${new Date().toISOString()} ${cause.message}`));
      await pause(rest);
    }
  };
  const visit = async () => assert.equal((await sendRequest(port, "GET", "/api/auth/me", token)).status, 200);
  const submit = async () => {
    const { status, text } = await sendRequest(port, "POST", "/api/videos", token, { prompt: `drill ${randomBytes(8).toString("hex")}` });
    assert.equal(status, 202, text);
    results.jobs.push(JSON.parse(text).job.id);
  };
  const all = [...Array(4).fill([10, visit]), [250, submit]].map(([rest, work]) => repeat(rest, work));
  return async () => {
    running = false;
    await Promise.all(all);
    return results;
  };
}

function prepare(port, simulator) {
  mkdirSync(checkout);
  for (const file of execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: root, encoding: "utf8" }).split("\0").filter(Boolean)) {
    if (/^(deploy\.sh|ecosystem|scripts\/|\.env\.example|frontend\/package)/.test(file)) cpSync(join(root, file), join(checkout, file));
  }
  symlinkSync(join(root, "frontend/node_modules"), join(checkout, "frontend/node_modules"));
  cpSync(join(root, "frontend/dist"), join(checkout, "frontend/dist"), { recursive: true });
  const settings = {
    BACKEND_HOST: "127.0.0.1",
    BACKEND_PORT: port,
    PUBLIC_URL: `http://127.0.0.1:${port}`,
    REDIS_URL: process.env.TEST_REDIS_URL,
    REDIS_NAMESPACE: `{deploy-${randomBytes(6).toString("hex")}}:v1`,
    SORA_API_URL: `${simulator}/v1/videos`,
    SORA_API_TOKEN: "drill",
    READS_PER_MINUTE: 0,
    WRITES_PER_MINUTE: 0,
    MAX_WAITING_PER_USER: 0,
  };
  writeFileSync(join(checkout, ".env"), Object.entries(settings).map(([name, value]) => `${name}=${value}\n`).join(""), { mode: 0o600 });
}

/** The environment of a running process. */
async function environmentOf(name) {
  const { output } = await command("pm2", ["pid", `sora-${name}`]);
  return readFileSync(`/proc/${output.trim().split("\n").pop()}/environ`, "utf8");
}

try {
  const simulator = await run(upstream, "simulator", ["--listen", "127.0.0.1:0", "--pace", "100"], {}).waitForLog(/listening on (http:\S+)/);
  const port = await freePort();
  prepare(port, simulator);
  await step("first deployment", () => deploy([]), 0, /is running at/);
  const opened = await command("scripts/run", ["gateway", "admin", "create", "--email", "ada@example.com", "--password-stdin"], {}, "correct horse battery\n");
  assert.equal(opened.status, 0, opened.output);
  const signedIn = await sendRequest(port, "POST", "/api/auth/login", null, { email: "ada@example.com", password: "correct horse battery" });
  const { token } = JSON.parse(signedIn.text);
  assert(!(await environmentOf("gateway")).includes("SORA_API_TOKEN"), "the gateway has the upstream's token");
  assert(!(await environmentOf("processor")).includes("JWT_SECRET"), "the processor has the session secret");

  const done = load(port, token);
  const first = current();
  await step("second release under load", () => deploy([]), 0, /The old sora-processor finishes/);
  const second = current();
  await step("restart under load", () => deploy(["--restart"]), 0, /is running at/);
  await step("release with a failing gateway", () => deploy([], broken("gateway")), 1, /The running release is unaffected/);
  await step("release with a failing processor", () => deploy([], broken("processor")), 1, /was rolled back/);
  assert.equal(current(), second);
  await step("rollback", () => deploy(["--rollback"]), 0, /is running at/);
  assert.equal(current(), first);
  const { requests, failed, jobs } = await done();

  const job = async (id) => JSON.parse((await sendRequest(port, "GET", `/api/videos/jobs/${id}`, token)).text);
  const ended = [];
  for (const id of jobs) ended.push(await eventually("every job ends", () => job(id).then((one) => ["completed", "failed", "cancelled"].includes(one.status) && one), 120));
  const { submissions } = await (await fetch(`${simulator}/sim/stats`)).json();
  const completed = ended.filter(({ status }) => status === "completed").length;
  console.log(`requests ${requests}, failed ${failed.length}; jobs ${jobs.length}, completed ${completed}, submissions ${submissions}`);
  assert.deepEqual([failed, completed, submissions], [[], jobs.length, jobs.length]);
} catch (cause) {
  for (const log of ["gateway", "processor", "trial"]) {
    const text = readdirSync(join(checkout, "logs")).includes(`${log}.log`) ? readFileSync(join(checkout, `logs/${log}.log`), "utf8") : "";
    console.error(`── ${log}\n${text.slice(-1500)}`);
  }
  throw cause;
} finally {
  await command("pm2", ["kill"]);
  await stop(upstream, folder);
}
