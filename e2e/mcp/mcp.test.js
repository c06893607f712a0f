// The official MCP clients against the real processes. Run by scripts/test-mcp, which installs
// the packages and sets PYTHON_SDKS to the programs of the virtual environments.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { root, start } from "../platform.js";

const folder = join(root, "e2e/mcp");
const clients = [
  ...["client", "sdk"].map((name) => ({ name: `TypeScript: ${name}`, command: [process.execPath, join(folder, "client.js"), name] })),
  ...(process.env.PYTHON_SDKS ?? "").split(":").filter(Boolean).map((program) => ({ name: `Python: ${program}`, command: [program, join(folder, "client.py")] })),
];

let platform;
before(async () => {
  if (clients.length !== 4) throw new Error("PYTHON_SDKS must name two interpreters: run scripts/test-mcp");
  platform = await start({ simulator: ["--pace", "20"], gateway: { FRONTEND_DIST: undefined } });
});
after(() => platform?.stop());

describe("each client", { concurrency: 2 }, () => {
  for (const [index, { name, command }] of clients.entries()) {
    test(name, { timeout: 120_000 }, async () => {
      const { token } = await post("/api/auth/register", "", { email: `mcp${index}@example.com`, password: "at least eight" });
      const { key } = await post("/api/keys", token, { name: "assistant", scopes: ["read", "create"] });
      await execute(command, { BASE_URL: platform.url, API_KEY: key });
    });
  }
});

async function execute([program, ...flags], environment) {
  const child = spawn(program, flags, { cwd: folder, env: { PATH: process.env.PATH, ...environment }, stdio: ["ignore", "ignore", "pipe"] });
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text) => (errors += text));
  const [status] = await once(child, "close");
  assert.equal(status, 0, `${program} failed:\n${errors.slice(-3_000)}`);
}

async function post(path, token, body) {
  const headers = { "Content-Type": "application/json", ...(token && { Authorization: `Bearer ${token}` }) };
  const answer = await fetch(platform.url + path, { method: "POST", headers, body: JSON.stringify(body) });
  const text = await answer.text();
  assert(answer.ok, `${path}: ${answer.status} ${text}`);
  return JSON.parse(text);
}
