// A backup made in mid-work, restored elsewhere while Redis still holds the old system's entries: everything is back, nothing
// goes on by itself, and the upstream is asked for nothing.
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

/** scripts/archive.mjs, as make backup and make restore run it; what it said, and whether it did it. */
async function archive(system, ...args) {
  const storage = relative(root, system.STORAGE_URL);
  const variables = { PATH: process.env.PATH, BINARIES: binaries, RELEASE: "/nowhere", ...system, STORAGE_URL: storage };
  const command = [join(root, "scripts/run"), "node", "scripts/archive.mjs", ...args];
  return execute(command[0], command.slice(1), { env: variables, cwd: root })
    .then(({ stdout }) => ({ done: true, said: stdout }), ({ stderr }) => ({ done: false, said: stderr }));
}

/** The processes of a system; answers with what its API says to a program. */
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
    const answer = await fetch(url + path, { method, headers, body: body && JSON.stringify(body) });
    const isJson = answer.headers.get("content-type")?.includes("json");
    return { status: answer.status, body: isJson ? await answer.json() : Buffer.from(await answer.arrayBuffer()) };
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
  test(`a backup of ${database}, restored beside the old Redis, loses nothing and buys nothing`, async (t) => {
    const shared = { REDIS_URL: process.env.TEST_REDIS_URL, REDIS_NAMESPACE: `{restore-${randomBytes(6).toString("hex")}}:v1` };
    const upstream = [];
    t.after(() => stop(upstream));
    const simulator = run(upstream, "simulator", ["--listen", "127.0.0.1:0", "--pace", "50"], {});
    const address = await simulator.says(/listening on (http:\S+)/);
    const asked = async () => (await (await fetch(`${address}/sim/stats`)).json()).requests;
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
    await eventually("the jobs are under way", async () => (await Promise.all(running.map((id) => job(before, id)))).every(({ phase }) => phase === "queued" || phase === "generating"));

    const backups = join(old.folder, "backups");
    const made = await archive({ ...old.variables, ...shared }, "backup", backups);
    assert(made.done, made.said);
    const [name] = await readdir(backups);
    assert.equal((await stat(join(backups, name, "manifest.json"))).mode & 0o077, 0, "others can read it");
    // Handed over: Redis has both jobs first in line, for whoever comes.
    await before.stop();

    const next = await system(t, database);
    const restored = await archive({ ...next.variables, ...shared }, "restore", join(backups, name));
    assert(restored.done, restored.said);
    assert.match(made.said, /files 1,/);
    assert.match(restored.said, /failed as `restored`: 2/);
    const again = await archive({ ...next.variables, ...shared }, "restore", join(backups, name));
    assert(!again.done && again.said.includes("accounts in the database: 1; FORCE=yes"), again.said);

    const spent = await asked();
    const after = await begin(t, { ...next.variables, ...shared }, address);
    assert.equal((await after.api("GET", "/api/auth/me", null, token)).status, 401, "a session goes on");
    for (const id of running) {
      const { status, errorCode, mayHaveBeenCharged } = await job(after, id);
      assert.deepEqual({ status, errorCode, mayHaveBeenCharged }, { status: "failed", errorCode: "restored", mayHaveBeenCharged: true });
    }
    assert.equal((await after.api("GET", `/api/videos/${videoId}/content`, null, key)).body.compare(video), 0);
    const alive = await archive({ ...next.variables, ...shared }, "restore", join(backups, name), "--force");
    assert(!alive.done && /stop everything first/.test(alive.said), alive.said);
    // A new job goes through, so whatever Redis had held before it was looked at.
    const { body } = await after.api("POST", "/api/videos", { prompt: "A lighthouse" }, key);
    await eventually("the new job ends", async () => (await job(after, body.job.id)).status === "completed");
    assert.equal((await asked()) - spent, 1, "something else was asked for");
    const retried = await after.api("POST", `/api/videos/jobs/${running[0]}/retry`, null, key);
    assert.equal(retried.status, 202);
  });
}
