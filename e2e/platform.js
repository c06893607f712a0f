// Starts the real processes for one test file, as `make demo` does: SQLite and videos in a temporary folder, and a separate
// namespace in the Redis of TEST_REDIS_URL. A process that exits on its own fails the test and shows the end of its log.
// `stop` leaves no process and no file behind.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));
const binaries = resolve(root, process.env.BINARIES ?? "target/debug");

/** Polls `probe` until it returns a truthy value, and returns that; after the deadline, fails with `what`. */
export async function eventually(what, probe, seconds = 30) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const result = await probe();
    if (result) return result;
    if (Date.now() > deadline) throw new Error(`timed out after ${seconds} s: ${what}`);
    await pause(20);
  }
}

/**
 * Starts everything. `simulator` holds flags; the others hold additional variables, `shared` those of all processes. `catalogue`
 * returns a catalogue file for the simulator's address.
 */
export async function start({ simulator = [], gateway: variables = {}, processor = {}, shared: ofAll = {}, dialect = "chat/completions", catalogue } = {}) {
  if (!process.env.TEST_REDIS_URL) throw new Error("TEST_REDIS_URL is not set: run this through scripts/with-services");
  const folder = await mkdtemp(join(tmpdir(), "e2e-"));
  const processes = [];
  const platform = { stop: () => stop(processes, folder) };
  try {
    const upstream = run(processes, "simulator", ["--listen", "127.0.0.1:0", ...simulator], {});
    const address = await upstream.waitForLog(/listening on (http:\S+)/);
    const port = Number(variables.BACKEND_PORT ?? (await freePort()));
    const shared = {
      APP_ENV: "demo",
      DATABASE_URL: `sqlite:${join(folder, "sora.db")}`,
      REDIS_URL: process.env.TEST_REDIS_URL.replace(/\/?$/, ""),
      REDIS_NAMESPACE: `{e2e-${randomBytes(6).toString("hex")}}:v1`,
      STORAGE_URL: join(folder, "videos"),
      LOG_FORMAT: "pretty",
      ...ofAll,
    };
    if (catalogue) {
      shared.SORA_CATALOGUE = join(folder, "catalogue.toml");
      await writeFile(shared.SORA_CATALOGUE, catalogue(address));
    }
    const migration = run([], "migration", ["up"], shared);
    await migration.exited;
    if (migration.child.exitCode !== 0) throw new Error(`migration up failed:\n${migration.log()}`);
    const environment = {
      ...shared,
      BACKEND_HOST: "127.0.0.1",
      BACKEND_PORT: String(port),
      FRONTEND_DIST: join(root, "frontend/dist"),
      JWT_SECRET: randomBytes(32).toString("hex"),
      ...variables,
    };
    let gateway = run(processes, "gateway", [], environment);
    run(processes, "processor", [], {
      ...shared,
      ...(!catalogue && { SORA_API_URL: `${address}/v1/${dialect}` }),
      SORA_API_TOKEN: "e2e",
      DRAIN_TIMEOUT: "5s",
      ...processor,
    });
    platform.url = `http://localhost:${port}`;
    platform.port = port;
    const ready = () =>
      eventually("the gateway is ready", async () => {
        gateway.check();
        return fetch(`${platform.url}/readyz`).then(({ ok }) => ok, () => false);
      });
    await ready();
    /** Stops the gateway gracefully and starts a new one. */
    platform.restartGateway = async () => {
      processes.splice(processes.indexOf(gateway), 1);
      await stop([gateway]);
      gateway = run(processes, "gateway", [], environment);
      await ready();
    };
    /** The log of a process so far. */
    platform.log = (name) => processes.find((one) => one.name === name).log();
    platform.check = () => processes.forEach(({ check }) => check());
    return platform;
  } catch (cause) {
    await platform.stop();
    throw cause;
  }
}

export function run(processes, name, flags, environment) {
  // Our own programs by name, others by path.
  const child = spawn(resolve(binaries, name), flags, {
    env: { PATH: process.env.PATH, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let log = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (log += text));
  const exited = new Promise((done) => child.on("error", (cause) => done((log += cause))).on("close", done));
  const hasExited = () => child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
  const check = () => {
    if (hasExited()) throw new Error(`the ${name} exited on its own:\n${log.slice(-2000)}`);
  };
  const waitForLog = (pattern) =>
    eventually(`the ${name} says ${pattern}`, () => {
      const found = pattern.exec(log);
      if (!found) check();
      return found?.[1];
    });
  const process_ = { name, child, exited, hasExited, check, waitForLog, log: () => log };
  processes.push(process_);
  return process_;
}

/** Stops the processes in reverse order. Fails if one had exited already or had to be killed. */
export async function stop(processes, folder) {
  const errors = [];
  for (const { name, child, exited, hasExited, log } of processes.reverse()) {
    if (hasExited()) {
      errors.push(`the ${name} exited on its own:\n${log().slice(-2000)}`);
      continue;
    }
    child.kill("SIGTERM");
    const timer = setTimeout(() => {
      errors.push(`the ${name} did not stop within 15 s:\n${log().slice(-2000)}`);
      child.kill("SIGKILL");
    }, 15_000);
    await exited;
    clearTimeout(timer);
  }
  if (folder) await rm(folder, { recursive: true, force: true });
  if (errors.length) throw new Error(errors.join("\n"));
}

export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}
