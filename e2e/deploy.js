// A drill with deploy.sh and the real PM2, in a copy of this checkout: releases are put in place, started anew, rolled back and
// refused while people submit and ask. Not one request may fail, and each job is bought once. Prints one line a step.
//   scripts/with-services node e2e/deploy.js     (BINARIES names programs that are built already; pm2 is on the PATH)
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

/** A command in the copy; what it said, and how it ended. */
function command(program, args, variables = {}, input = "") {
  return new Promise((done) => {
    const child = spawn(program, args, { cwd: checkout, env: { ...environment, ...variables } });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (said += text));
    child.stdin.end(input);
    child.on("error", (cause) => (said += cause)).on("close", (status) => done({ status, said }));
  });
}

const deploy = (args, programs = binaries) => command("./deploy.sh", args, { BINARIES: programs });
const current = () => execFileSync("readlink", [join(checkout, "releases/current")]).toString().trim();

/** One step of the drill: how long it took, and what it must have said. */
async function step(title, work, status, words) {
  const began = Date.now();
  const { status: found, said } = await work();
  assert.equal(found, status, said);
  assert.match(said, words);
  console.log(`${title}: ${((Date.now() - began) / 1000).toFixed(1)} s, ${current()}`);
}

/** Programs of which one does not work. */
function broken(name) {
  const programs = join(folder, `broken-${name}`);
  cpSync(binaries, programs, { recursive: true, filter: (path) => path === binaries || /\/(gateway|processor|migration)$/.test(path) });
  writeFileSync(join(programs, name), "#!/bin/sh\necho this release does not work >&2\nexit 1\n");
  chmodSync(join(programs, name), 0o755);
  return programs;
}

/** Asks on a connection of its own each time, as new visitors do. */
function ask(port, method, path, token, body) {
  return new Promise((done, fail) => {
    const headers = { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) };
    const sent = request({ host: "127.0.0.1", port, method, path, headers, agent: new Agent({ keepAlive: false }) }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (part) => (text += part)).on("end", () => done({ status: answer.statusCode, text })).on("error", fail);
    });
    sent.on("error", fail).end(body && JSON.stringify(body));
  });
}

/** People who ask all the time and submit several times a second, until told to stop. */
function load(port, token) {
  const seen = { asked: 0, failed: [], jobs: [] };
  let going = true;
  const repeat = async (rest, work) => {
    while (going) {
      await work().then(() => (seen.asked += 1), (cause) => seen.failed.push(`${new Date().toISOString()} ${cause.message}`));
      await pause(rest);
    }
  };
  const visit = async () => assert.equal((await ask(port, "GET", "/api/auth/me", token)).status, 200);
  const submit = async () => {
    const { status, text } = await ask(port, "POST", "/api/videos", token, { prompt: `drill ${randomBytes(8).toString("hex")}` });
    assert.equal(status, 202, text);
    seen.jobs.push(JSON.parse(text).job.id);
  };
  const all = [...Array(4).fill([10, visit]), [250, submit]].map(([rest, work]) => repeat(rest, work));
  return async () => {
    going = false;
    await Promise.all(all);
    return seen;
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

/** What a running process was told. */
async function told(name) {
  const { said } = await command("pm2", ["pid", `sora-${name}`]);
  return readFileSync(`/proc/${said.trim().split("\n").pop()}/environ`, "utf8");
}

try {
  const simulator = await run(upstream, "simulator", ["--listen", "127.0.0.1:0", "--pace", "100"], {}).says(/listening on (http:\S+)/);
  const port = await freePort();
  prepare(port, simulator);
  await step("first deployment", () => deploy([]), 0, /is running at/);
  const opened = await command("scripts/run", ["gateway", "admin", "create", "--email", "ada@example.com", "--password-stdin"], {}, "correct horse battery\n");
  assert.equal(opened.status, 0, opened.said);
  const signedIn = await ask(port, "POST", "/api/auth/login", null, { email: "ada@example.com", password: "correct horse battery" });
  const { token } = JSON.parse(signedIn.text);
  assert(!(await told("gateway")).includes("SORA_API_TOKEN"), "the gateway knows the upstream's token");
  assert(!(await told("processor")).includes("JWT_SECRET"), "the processor knows the sessions' secret");

  const done = load(port, token);
  const first = current();
  await step("another release, under load", () => deploy([]), 0, /The old sora-processor finishes/);
  const second = current();
  await step("started anew, under load", () => deploy(["--restart"]), 0, /is running at/);
  await step("a gateway that does not work", () => deploy([], broken("gateway")), 1, /The running release is unaffected/);
  await step("a processor that does not work", () => deploy([], broken("processor")), 1, /was rolled back/);
  assert.equal(current(), second);
  await step("back to the release before", () => deploy(["--rollback"]), 0, /is running at/);
  assert.equal(current(), first);
  const { asked, failed, jobs } = await done();

  const job = async (id) => JSON.parse((await ask(port, "GET", `/api/videos/jobs/${id}`, token)).text);
  const ended = [];
  for (const id of jobs) ended.push(await eventually("every job ends", () => job(id).then((one) => ["completed", "failed", "cancelled"].includes(one.status) && one), 120));
  const { submissions } = await (await fetch(`${simulator}/sim/stats`)).json();
  const completed = ended.filter(({ status }) => status === "completed").length;
  console.log(`requests ${asked}, failed ${failed.length}; jobs ${jobs.length}, completed ${completed}, submissions ${submissions}`);
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
