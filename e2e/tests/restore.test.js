// A backup taken during operation is restored elsewhere, while Redis still has the old system's entries: all data is back, no
// job continues without being asked to, and nothing is submitted upstream.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { eventually, freePort, root, run, start, stop } from "../platform.js";

const execute = promisify(execFile);
const binaries = resolve(root, process.env.BINARIES ?? "target/debug");

/** Runs scripts/archive as make backup and make restore do; returns its output and whether it succeeded. */
async function archive(system, ...args) {
  const storage = relative(root, system.STORAGE_URL);
  const variables = { PATH: process.env.PATH, BINARIES: binaries, RELEASE: "/nowhere", ...system, STORAGE_URL: storage };
  return execute(join(root, "scripts/archive"), args, { env: variables, cwd: root })
    .then(({ stdout }) => ({ ok: true, output: stdout }), ({ stderr }) => ({ ok: false, output: stderr }));
}

/** Starts the processes of a system; returns functions that call its API. */
async function begin(t, system, upstream) {
  const processes = [];
  const end = () => stop(processes.splice(0));
  t.after(end);
  const environment = { APP_ENV: "demo", LOG_FORMAT: "pretty", ...system };
  await execute(resolve(binaries, "migration"), ["up"], { env: environment });
  run(processes, "gateway", [], { ...environment, JWT_SECRET: randomBytes(32).toString("hex") });
  run(processes, "processor", [], { ...environment, SORA_API_URL: `${upstream}/v1/videos`, SORA_API_TOKEN: "e2e", DRAIN_TIMEOUT: "1s" });
  const url = `http://localhost:${system.BACKEND_PORT}`;
  const api = async (method, path, body, token) => {
    const headers = { "Content-Type": "application/json", ...(token && { Authorization: `Bearer ${token}` }) };
    const response = await fetch(url + path, { method, headers, body: body && JSON.stringify(body) });
    const isJson = response.headers.get("content-type")?.includes("json");
    return { status: response.status, body: isJson ? await response.json() : Buffer.from(await response.arrayBuffer()) };
  };
  await eventually("the gateway is ready", () => {
    processes.forEach(({ check }) => check());
    return fetch(`${url}/readyz`).then(({ ok }) => ok, () => false);
  });
  return { api, stop: end };
}

const databases = {
  SQLite: async (folder) => `sqlite:${join(folder, "sora.db")}`,
  PostgreSQL: async () => {
    const name = `restore_${randomBytes(6).toString("hex")}`;
    const server = new URL(process.env.TEST_DATABASE_URL);
    await execute("psql", [server.href, "--command", `CREATE DATABASE ${name}`]);
    server.pathname = `/${name}`;
    return server.href;
  },
};

async function system(t, database) {
  const folder = await mkdtemp(join(tmpdir(), "restore-"));
  const variables = { DATABASE_URL: await databases[database](folder), STORAGE_URL: join(folder, "videos") };
  t.after(() => rm(folder, { recursive: true, force: true }));
  return { folder, variables: { ...variables, BACKEND_PORT: String(await freePort()) } };
}

for (const database of Object.keys(databases)) {
  test(`a ${database} backup restored next to the old Redis loses nothing and submits nothing`, async (t) => {
    const shared = { REDIS_URL: process.env.TEST_REDIS_URL, REDIS_NAMESPACE: `{restore-${randomBytes(6).toString("hex")}}:v1` };
    const upstream = [];
    t.after(() => stop(upstream));
    const simulator = run(upstream, "simulator", ["--listen", "127.0.0.1:0", "--pace", "50"], {});
    const address = await simulator.waitForLog(/listening on (http:\S+)/);
    const upstreamRequests = async () => (await (await fetch(`${address}/sim/stats`)).json()).requests;
    const credentials = { email: "ada@example.org", password: "correct horse battery" };

    const old = await system(t, database);
    const before = await begin(t, { ...old.variables, ...shared }, address);
    const { token } = (await before.api("POST", "/api/auth/register", credentials)).body;
    const { key } = (await before.api("POST", "/api/keys", { name: "program", scopes: ["read", "create"] }, token)).body;
    const create = async (prompt) => (await before.api("POST", "/api/videos", { prompt }, key)).body.job.id;
    const job = async (system, id, by = key) => (await system.api("GET", `/api/videos/jobs/${id}`, null, by)).body;
    const finished = await create("A kite over the dunes");
    const { videoId } = await eventually("a video", async () => job(before, finished).then((job) => job.status === "completed" && job));
    const { body: video } = await before.api("GET", `/api/videos/${videoId}/content`, null, key);
    const running = [await create("A glacier [sim:slow]"), await create("A river [sim:slow]")];
    await eventually("the jobs are running", async () => (await Promise.all(running.map((id) => job(before, id)))).every(({ phase }) => phase === "queued" || phase === "generating"));

    const backups = join(old.folder, "backups");
    const made = await archive({ ...old.variables, ...shared }, "backup", backups);
    assert(made.ok, made.output);
    const [name] = await readdir(backups);
    assert.equal((await stat(join(backups, name, "manifest.json"))).mode & 0o077, 0, "other users can read the manifest");
    // Handed over: both jobs are at the front of Redis's queue.
    await before.stop();

    const next = await system(t, database);
    const restored = await archive({ ...next.variables, ...shared }, "restore", join(backups, name));
    assert(restored.ok, restored.output);
    // The video and the storage's id; a poster may exist already.
    assert.match(made.output, /files [23],/);
    assert.match(restored.output, /failed as `restored`: 2/);
    const again = await archive({ ...next.variables, ...shared }, "restore", join(backups, name));
    assert(!again.ok && again.output.includes("accounts in the database: 1; FORCE=yes"), again.output);

    const spent = await upstreamRequests();
    const after = await begin(t, { ...next.variables, ...shared }, address);
    assert.equal((await after.api("GET", "/api/auth/me", null, token)).status, 401, "an old session is still valid");
    for (const id of running) {
      const { status, errorCode, mayHaveBeenCharged } = await job(after, id);
      assert.deepEqual({ status, errorCode, mayHaveBeenCharged }, { status: "failed", errorCode: "restored", mayHaveBeenCharged: true });
    }
    assert.equal((await after.api("GET", `/api/videos/${videoId}/content`, null, key)).body.compare(video), 0);
    const alive = await archive({ ...next.variables, ...shared }, "restore", join(backups, name), "--force");
    assert(!alive.ok && /stop everything first/.test(alive.output), alive.output);
    // A new job completes, so everything that Redis held before it has been handled.
    const { body } = await after.api("POST", "/api/videos", { prompt: "A lighthouse" }, key);
    await eventually("the new job ends", async () => (await job(after, body.job.id)).status === "completed");
    assert.equal((await upstreamRequests()) - spent, 1, "something else was submitted");
    const retried = await after.api("POST", `/api/videos/jobs/${running[0]}/retry`, null, key);
    assert.equal(retried.status, 202);
  });
}
