// The command `sora` against the real processes: it downloads what it has generated, never pays twice, survives restarts and
// broken transfers, and its exit codes are those of docs/cli.md.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer, request } from "node:http";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { eventually, freePort, root, start } from "../platform.js";

const program = resolve(root, process.env.BINARIES ?? "target/debug", "sora");
const timeout = 120_000;

let platform, folder, key, readKey;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "cli-"));
  platform = await start({ simulator: ["--pace", "100", "--steps", "10"] });
  const { token } = await post("/api/auth/register", "", { email: "cli@example.org", password: "at least eight" });
  ({ key } = await post("/api/keys", token, { name: "cli", scopes: ["read", "create"] }));
  ({ key: readKey } = await post("/api/keys", token, { name: "read", scopes: ["read"] }));
});
after(async () => {
  await platform?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function post(path, token, body) {
  const headers = { "Content-Type": "application/json", ...(token && { Authorization: `Bearer ${token}` }) };
  const answer = await fetch(platform.url + path, { method: "POST", headers, body: JSON.stringify(body) });
  assert(answer.ok, `${path}: ${answer.status}`);
  return answer.json();
}

/** Starts the command. `environment` replaces the server and the key. */
function begin(flags, environment = { SORA_SERVER: platform.url, SORA_API_KEY: key }) {
  const env = { PATH: process.env.PATH, XDG_CONFIG_HOME: join(folder, "config"), ...environment };
  const child = spawn(program, flags, { cwd: folder, env, stdio: ["pipe", "pipe", "pipe"] });
  // A command that reads nothing may end before its input is closed.
  child.stdin.on("error", () => {});
  const started = { child, out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (text) => (started.out += text));
  child.stderr.setEncoding("utf8").on("data", (text) => (started.err += text));
  started.ended = once(child, "close").then(([code]) => Object.assign(started, { code }));
  return started;
}

/** Runs the command, and requires its exit code. */
async function sora(flags, { code = 0, environment, input = "" } = {}) {
  const started = begin(flags, environment);
  started.child.stdin.end(input);
  await started.ended;
  assert.equal(started.code, code, `sora ${flags.join(" ")}: ${started.code}\n${started.out}\n${started.err}`);
  return started;
}

const json = async (flags, options) => JSON.parse((await sora([...flags, "--json"], options)).out);

test("signs in, generates, downloads and lists", { timeout }, async () => {
  const signedOut = { environment: {} };
  await sora(["models"], { code: 3, ...signedOut });
  await sora(["login"], { code: 2, ...signedOut });
  await sora(["login", "--server", platform.url], { code: 3, input: "sk-wrong\n", ...signedOut });
  await sora(["login", "--server", platform.url], { input: `${key}\n`, ...signedOut });
  assert.equal((await stat(join(folder, "config/sora/config.json"))).mode & 0o777, 0o600);
  assert.match((await sora(["models"], signedOut)).out, /sora2 {2}\(default\)/);

  await writeFile(join(folder, "taken.mp4"), "mine");
  await sora(["generate", "A boat", "--output", "taken.mp4"], { code: 2, ...signedOut });
  await sora(["generate", "A boat", "--output", "nowhere/boat.mp4"], { code: 7, ...signedOut });
  assert.deepEqual((await json(["list"], signedOut)).jobs, [], "a file that cannot be written costs nothing");

  const boat = join(root, "e2e/sdk/boat.png");
  await sora(["generate", "A boat", "--image", boat, "--output", "boat.mp4"], signedOut);
  const file = await readFile(join(folder, "boat.mp4"));
  assert.equal(file.subarray(4, 8).toString(), "ftyp");
  const [job] = (await json(["list", "--status", "completed"], signedOut)).jobs;
  assert.deepEqual([job.prompt, job.referenceImageId === null], ["A boat", false]);
  assert.match((await sora(["show", job.id], signedOut)).out, /status {4}completed, 100 %/);
  await sora(["download", job.id], signedOut);
  assert.deepEqual(await readFile(join(folder, `${job.id}.mp4`)), file);
  assert.equal((await sora(["download", job.id, "-o", "-"], signedOut)).out.length > 0, true);

  await sora(["logout"], signedOut);
  await sora(["list"], { code: 3, ...signedOut });
});

test("scripts read JSON and exit codes", { timeout }, async () => {
  const refused = await sora(["generate", "A boat", "--seconds", "99", "--json"], { code: 5 });
  assert.equal(JSON.parse(refused.err).problem.errors[0].field, "seconds");
  await sora(["show", "01a21682-4143-77b5-9f1f-6e7a143477f5"], { code: 4 });
  await sora(["show", "../admin/stats"], { code: 2 });
  await sora(["generate", "A boat"], { code: 3, environment: { SORA_SERVER: platform.url, SORA_API_KEY: readKey } });
  await sora(["models", "--server", "ftp://example.org"], { code: 2 });
  const closed = { SORA_SERVER: `http://127.0.0.1:${await freePort()}`, SORA_API_KEY: key };
  await sora(["models"], { code: 6, environment: closed });

  const lines = (await sora(["generate", "[sim:refuse@40%] A boat", "--wait", "--json"], { code: 1 })).out.trim().split("\n");
  assert.equal(JSON.parse(lines.at(-1)).status, "failed");
  const { jobs } = await json(["generate", "[sim:slow] A boat", "--count", "2"]);
  const ids = jobs.map(({ id }) => id);
  await sora(["download", ids[0]], { code: 2 });
  await sora(["cancel", ...ids]);
  await sora(["wait", ...ids], { code: 1 });
});

test("waits for more videos than a user may have streams", { timeout }, async () => {
  const ids = [];
  for (let n = 0; n < 3; n += 1) ids.push(...(await json(["generate", "One of many", "--count", "4"])).jobs.map(({ id }) => id));
  await sora(["wait", ...ids]);
  const { jobs } = await json(["list", "--search", "One of many", "--status", "completed"]);
  assert.equal(jobs.length, 12);
});

test("a lost answer costs nothing", { timeout }, async () => {
  let lost = 0;
  const proxy = await proxied((incoming, answer) => {
    // The first answer to each request that creates something is lost, and the second one too.
    if (incoming.method === "POST" && (lost += 1) % 3 !== 0) incoming.socket.destroy();
    else answer();
  });
  try {
    const environment = { SORA_SERVER: proxy.url, SORA_API_KEY: key };
    const { jobs } = await json(["generate", "Lost answers"], { environment });
    assert.equal(lost, 3);
    const found = (await json(["list", "--search", "Lost answers"])).jobs;
    assert.deepEqual(found.map(({ id }) => id), [jobs[0].id]);
  } finally {
    proxy.close();
  }
});

test("a command with an image can be repeated", { timeout }, async () => {
  let losing = true;
  const proxy = await proxied((incoming, answer) => {
    if (losing && incoming.url === "/api/videos") incoming.socket.destroy();
    else answer();
  });
  try {
    const environment = { SORA_SERVER: proxy.url, SORA_API_KEY: key };
    const image = join(root, "e2e/sdk/boat.png");
    const { err } = await sora(["generate", "Repeated", "--image", image], { code: 6, environment });
    losing = false;
    const [, repeated, uploaded] = /--idempotency-key (\S+), and --image-id (\S+) /.exec(err);
    const flags = ["generate", "Repeated", "--idempotency-key", repeated, "--image-id", uploaded];
    const { jobs } = await json(flags, { environment });
    const found = (await json(["list", "--search", "Repeated"])).jobs;
    assert.deepEqual(found.map(({ id }) => id), [jobs[0].id]);
  } finally {
    proxy.close();
  }
});

test("a broken transfer goes on where it broke", { timeout }, async () => {
  const [id] = (await sora(["generate", "A transfer", "--wait"])).out.trim().split("\n");
  await sora(["download", id, "-o", "whole.mp4"]);
  const ranges = [];
  const proxy = await proxied((incoming, answer) => {
    if (!incoming.url.endsWith("/content")) return answer();
    ranges.push(incoming.headers.range);
    // Some proxies leave out the length.
    answer(20_000, ranges.length === 1 ? ["content-length"] : []);
  });
  try {
    await sora(["download", id, "-o", "parts.mp4"], { environment: { SORA_SERVER: proxy.url, SORA_API_KEY: key } });
    assert.deepEqual(await readFile(join(folder, "parts.mp4")), await readFile(join(folder, "whole.mp4")));
    assert.deepEqual(ranges.slice(0, 2), ["bytes=0-", "bytes=20000-"]);
    assert.deepEqual((await readdir(folder)).filter((name) => name.endsWith(".part")), []);
  } finally {
    proxy.close();
  }
});

test("waits across a restart of the gateway, and can be interrupted", { timeout }, async () => {
  const waiting = begin(["generate", "A restart", "--wait"]);
  await eventually("it runs", () => waiting.err.includes("processing"));
  await platform.restartGateway();
  const [id] = (await waiting.ended).out.trim().split("\n");
  assert.equal(waiting.code, 0, waiting.err);
  assert.equal((await json(["show", id])).status, "completed");

  const interrupted = begin(["generate", "[sim:slow] Interrupted", "--wait"]);
  await eventually("it runs", () => interrupted.err.includes("processing"));
  interrupted.child.kill("SIGINT");
  await interrupted.ended;
  assert.equal(interrupted.code, 130);
  const [, left] = /sora wait (\S+)/.exec(interrupted.err);
  assert.equal((await json(["show", left])).status, "processing");
  await sora(["cancel", left]);
});

test("forwards the ends of videos as webhooks", { timeout }, async () => {
  const received = [];
  const receiver = createServer(async (incoming, outgoing) => {
    let body = "";
    for await (const chunk of incoming) body += chunk;
    received.push({ headers: incoming.headers, body });
    outgoing.writeHead(204).end();
  }).listen(0, "127.0.0.1");
  await once(receiver, "listening");
  const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  const target = `http://127.0.0.1:${receiver.address().port}/hook`;
  const listening = begin(["webhook", "listen", "--forward-to", target, "--secret", secret]);
  await eventually("it listens", () => listening.err.includes("Forwarding"));
  // Events count from the moment that the stream is open.
  const ids = [];
  await eventually("an event arrives", async () => {
    ids.push((await sora(["generate", "A webhook", "--wait"])).out.trim());
    return received.length > 0;
  });
  const { headers, body } = received[0];
  const event = JSON.parse(body);
  assert.equal(event.type, "video.completed");
  assert(ids.includes(event.data.id) && event.data.job.status === "completed", body);
  const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`;
  const signature = createHmac("sha256", Buffer.from(secret.slice(6), "base64")).update(signed).digest("base64");
  assert.equal(headers["webhook-signature"], `v1,${signature}`);
  listening.child.kill("SIGINT");
  await listening.ended;
  receiver.close();
});

test("the guide names all commands and exit codes", async () => {
  const guide = readFileSync(join(root, "docs/cli.md"), "utf8");
  const { out } = await sora(["--help"]);
  const [, commands] = /Commands:\n(.*?)\n\n/s.exec(out);
  for (const [, command] of commands.matchAll(/^ {2}(\w+)/gm)) {
    if (command !== "help") assert(guide.includes(`sora ${command}`), `docs/cli.md lacks sora ${command}`);
  }
  for (const [, code, meaning] of out.matchAll(/^ {2}(\d+) +(.+)$/gm)) {
    assert(guide.includes(`| ${code} | ${meaning} |`), `docs/cli.md lacks the exit code ${code}: ${meaning}`);
  }
});

/** An HTTP proxy before the gateway. `handle` gets each request and a function that passes the answer on: up to `limit`
 * bytes, and without some headers. */
async function proxied(handle) {
  const server = createServer(async (incoming, outgoing) => {
    const chunks = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const { method, url: path, headers } = incoming;
    const forwarded = request({ port: platform.port, host: "127.0.0.1", method, path, headers: { ...headers, host: `localhost:${platform.port}` } });
    forwarded.end(Buffer.concat(chunks));
    const [answer] = await once(forwarded, "response");
    const body = [];
    for await (const chunk of answer) body.push(chunk);
    const whole = Buffer.concat(body);
    handle(incoming, (limit = whole.length, without = []) => {
      const kept = Object.entries(answer.headers).filter(([name]) => !without.includes(name));
      outgoing.writeHead(answer.statusCode, Object.fromEntries(kept));
      if (limit >= whole.length) return outgoing.end(whole);
      outgoing.write(whole.subarray(0, limit), () => incoming.socket.destroy());
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
