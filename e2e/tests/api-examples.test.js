// docs/API.md has a section for every operation of the API's document, and its examples run as written.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { root, start } from "../platform.js";

const guide = readFileSync(`${root}/docs/API.md`, "utf8");
const document = JSON.parse(readFileSync(`${root}/docs/openapi.json`, "utf8"));

let platform;
before(async () => {
  platform = await start({ simulator: ["--pace", "20"] });
});
after(() => platform?.stop());

test("every operation has a section", () => {
  const described = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const written = [...guide.matchAll(/^### ([A-Z]+ \/.*)$/gm)].map(([, call]) => call);
  assert.deepEqual(written.toSorted(), described.toSorted());
});

test("every error code is described", () => {
  const [, table] = guide.split("\n## Error codes\n");
  const written = [...table.split("\n## ")[0].matchAll(/^\| `(\w+)` \|/gm)].map(([, code]) => code);
  const { code } = document.components.schemas.Problem.properties;
  assert.deepEqual(written.toSorted(), code.enum.toSorted());
});

test("every example runs", { timeout: 120_000 }, async () => {
  const blocks = [...guide.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block]) => block);
  const script = ["set -euo pipefail", ...blocks].join("\n");
  const env = { PATH: process.env.PATH, api: `${platform.url}/api` };
  // The examples write files.
  const cwd = mkdtempSync(join(tmpdir(), "api-examples-"));
  after(() => rmSync(cwd, { recursive: true }));
  const shell = spawn("bash", ["-x"], { cwd, env, stdio: ["pipe", "pipe", "pipe"] });
  let log = "";
  for (const stream of [shell.stdout, shell.stderr]) stream.setEncoding("utf8").on("data", (text) => (log += text));
  shell.stdin.end(script);
  const [status] = await once(shell, "close");
  assert.equal(status, 0, `an example failed:\n${log.slice(-3_000)}`);
  platform.check();
});

// After the examples, whose account is the first one and so the administrator.
for (const [language, program] of [["bash", "bash -euo pipefail -c"], ["python", "python3 -c"], ["js", "node --input-type=module -e"]]) {
  test(`the walk runs in ${language}`, { timeout: 60_000 }, async () => {
    const [, example] = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "ms").exec(guide);
    const cwd = mkdtempSync(join(tmpdir(), "api-walk-"));
    after(() => rmSync(cwd, { recursive: true }));
    const account = { email: `walk-${language}@example.org`, password: "at least eight" };
    const { token } = await post("/api/auth/register", {}, account);
    const { key } = await post("/api/keys", { Authorization: `Bearer ${token}` }, { name: "walk", scopes: ["read", "create"] });
    const env = { PATH: process.env.PATH, SORA_SERVER: platform.url, SORA_API_KEY: key };
    const [command, ...flags] = program.split(" ");
    const child = spawn(command, [...flags, example], { cwd, env, stdio: ["ignore", "inherit", "inherit"] });
    const [status] = await once(child, "close");
    assert.equal(status, 0);
    assert.equal(readFileSync(join(cwd, "boat.mp4")).subarray(4, 8).toString(), "ftyp");
  });
}

async function post(path, headers, body) {
  const request = { method: "POST", headers: { "Content-Type": "application/json", ...headers }, body: JSON.stringify(body) };
  const response = await fetch(platform.url + path, request);
  assert(response.ok, `${path}: ${response.status}`);
  return response.json();
}
