// The SDKs of OpenAI against the real processes: only address and key differ from OpenAI's. Run by scripts/test-sdk, which
// installs the packages and sets PYTHON_SDKS to the programs of the virtual environments.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { root, start } from "../platform.js";
import { startProxy } from "./dropping-proxy.js";

const folder = join(root, "e2e/sdk");
const image = join(root, "e2e/sdk/boat.png");
const clients = [
  ...["openai", "openai-previous"].map((name) => ({ name: `Node: ${name}`, program: process.execPath, script: "client.js", module: [name] })),
  ...(process.env.PYTHON_SDKS ?? "").split(":").filter(Boolean).map((program) => ({ name: `Python: ${program}`, program, script: "client.py", module: [] })),
];

let storage, platform, proxy;
before(async () => {
  if (clients.length !== 4) throw new Error("PYTHON_SDKS must name two interpreters: run scripts/test-sdk");
  storage = await mkdtemp(join(tmpdir(), "sdk-"));
  platform = await start({
    simulator: ["--pace", "20"],
    shared: { STORAGE_URL: storage },
    gateway: {
      FRONTEND_DIST: undefined,
      SORA_MODELS: "sora-2,sora-2-pro",
      SORA_SECONDS: "4,8,12",
      READS_PER_MINUTE: "400",
      SIGN_INS_PER_ADDRESS: "0",
    },
  });
  // A fixed sequence, so that a failure can be repeated.
  let state = 42;
  const random = () => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31;
  proxy = await startProxy(platform.port, random);
});
after(async () => {
  proxy?.close();
  await platform?.stop();
  if (storage) await rm(storage, { recursive: true, force: true });
});

describe("each SDK", { concurrency: 2 }, () => {
  for (const [index, client] of clients.entries()) {
    test(client.name, { timeout: 300_000 }, async () => {
      const account = await register(`sdk${index}@example.com`);
      const limited = await register(`limited${index}@example.com`);
      const keys = { API_KEY: await account.key("read", "create"), READ_KEY: await account.key("read"), LIMITED_KEY: await limited.key("read") };
      const environment = { ...keys, BASE_URL: `${platform.url}/v1` };
      const completed = (await call(client, environment, "walk", image)).trim();
      await call(client, environment, "errors");
      await eachClickIsOneJob(client, environment, account);
      await rm(join(storage, "videos", completed), { recursive: true });
      await call(client, environment, "broken", completed);
    });
  }
});

test("the examples of the guide run", { timeout: 120_000 }, async () => {
  const [, guide] = readFileSync(join(root, "docs/API.md"), "utf8").split("\n## OpenAI-compatible\n");
  const example = (language) => new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "ms").exec(guide)[1];
  const account = await register("guide@example.com");
  const environment = { BASE_URL: `${platform.url}/v1`, API_KEY: await account.key("read", "create") };
  await execute(clients[2].program, ["-W", "ignore", "-c", example("python")], environment, storage);
  await execute(process.execPath, ["--input-type=module", "-e", example("js")], environment, folder);
  await rm(join(folder, "boat.mp4"));
});

async function eachClickIsOneJob(client, environment, account) {
  const prompts = Array.from({ length: 10 }, (_, n) => `Click ${n} of ${client.name}`);
  const before = { ...proxy.dropped };
  await call(client, { ...environment, BASE_URL: proxy.url }, "clicks", JSON.stringify(prompts));
  assert(proxy.dropped.answers > before.answers && proxy.dropped.requests > before.requests, "the proxy dropped nothing");
  const { data } = await account.get("/api/videos/jobs?limit=100&q=Click");
  assert.deepEqual(data.map(({ prompt }) => prompt).toSorted(), prompts.toSorted());
}

const call = ({ program, script, module }, environment, command, ...rest) =>
  execute(program, [join(folder, script), command, ...module, ...rest], environment, folder);

/** Runs a program, and returns what it wrote. */
async function execute(program, flags, environment, cwd) {
  const child = spawn(program, flags, { cwd, env: { PATH: process.env.PATH, ...environment }, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (text) => (output += text));
  child.stderr.setEncoding("utf8").on("data", (text) => (errors += text));
  const [status] = await once(child, "close");
  assert.equal(status, 0, `${flags.slice(0, 3).join(" ")} failed:\n${errors.slice(-3_000)}`);
  return output;
}

async function register(email) {
  const { token } = await post("/api/auth/register", "", { email, password: "at least eight" });
  const get = async (path) => (await fetch(platform.url + path, { headers: { Authorization: `Bearer ${token}` } })).json();
  return { get, key: async (...scopes) => (await post("/api/keys", token, { name: "sdk", scopes })).key };
}

async function post(path, token, body) {
  const headers = { "Content-Type": "application/json", ...(token && { Authorization: `Bearer ${token}` }) };
  const answer = await fetch(platform.url + path, { method: "POST", headers, body: JSON.stringify(body) });
  const text = await answer.text();
  assert(answer.ok, `${path}: ${answer.status} ${text}`);
  return JSON.parse(text);
}
