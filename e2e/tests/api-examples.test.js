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
