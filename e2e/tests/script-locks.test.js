// The lock of scripts/demo: one demo per checkout, also when many start at once after one that was killed, and no harm to
// processes that only have the number of an earlier one.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { root } from "../platform.js";

let folder;
let lock;
const running = new Set();
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "lock-"));
  lock = join(folder, "pid");
});
after(async () => {
  running.forEach((child) => child.kill("SIGKILL"));
  await rm(folder, { recursive: true });
});

/** Runs commands with the functions of scripts/lib.sh. `said` ends with the first line that they print, or with all. */
function shell(commands) {
  const child = spawn("bash", ["-c", `set -euo pipefail; . "$0/scripts/lib.sh"; ${commands}`, root], { stdio: ["pipe", "pipe", "pipe"] });
  running.add(child);
  const ended = once(child, "close").finally(() => running.delete(child));
  const said = new Promise((done) => {
    let text = "";
    const add = (chunk) => (text += chunk).includes("\n") && done(text.trim());
    child.stdout.on("data", add);
    child.stderr.on("data", add);
    child.on("close", () => done(text.trim()));
  });
  return { child, ended, said };
}

/** Starts a script that takes the lock, and keeps it until its input ends. */
const contender = () => shell(`take_lock "${lock}" "this one"; echo taken; read -r _ || true; rm -f "${lock}"`);

async function output(commands) {
  const { child, ended, said } = shell(commands);
  child.stdin.end();
  await ended;
  return said;
}

/** Leaves the lock as a script that was killed does. */
async function killed() {
  const { child, ended, said } = contender();
  assert.equal(await said, "taken");
  child.kill("SIGKILL");
  await ended;
  return (await readFile(lock, "utf8")).trim();
}

test("exactly one of many scripts takes over a lock whose owner was killed", async () => {
  for (const leave of [killed, () => writeFile(lock, "999999\n"), () => writeFile(lock, ""), () => rm(lock, { force: true })]) {
    for (let round = 0; round < 3; round += 1) {
      await leave();
      const contenders = Array.from({ length: 6 }, contender);
      const said = await Promise.all(contenders.map((one) => one.said));
      assert.equal(said.filter((text) => text === "taken").length, 1, said.join("\n"));
      const owner = contenders[said.indexOf("taken")];
      assert(said.every((text) => text === "taken" || text.includes(`already running (process ${owner.child.pid})`)), said.join("\n"));
      contenders.forEach((one) => one.child.stdin.end());
      await Promise.all(contenders.map((one) => one.ended));
      assert.deepEqual(await readdir(folder), []);
    }
  }
});

test("a lock is taken over from an owner whose successor was killed as well", async () => {
  const first = await killed();
  await writeFile(`${lock}.after-${first}`, "999999-1-x\n");
  const { child, ended, said } = contender();
  assert.equal(await said, "taken");
  assert.deepEqual(await readdir(folder), ["pid"]);
  child.stdin.end();
  await ended;
});

test("a process with the number of an earlier one is neither the owner nor stopped", async () => {
  const other = spawn("sleep", ["1000"]);
  const exited = once(other, "exit");
  try {
    const now = await output(`identity ${other.pid}`);
    const earlier = now.replace(/\d(?=\D*$)/, (digit) => String(9 - Number(digit)));
    assert(now.startsWith(`${other.pid}-`) && earlier !== now, now);
    await writeFile(lock, `${earlier}\n`);
    const { child, ended, said } = contender();
    assert.equal(await said, "taken");
    child.stdin.end();
    await ended;
    const processes = join(folder, "processes");
    for (const [line, expected] of [
      [`${earlier} sleep`, "runs"],
      [`${other.pid} sleep`, "runs"],
      [" sleep", "runs"],
      [`${now} sleep`, "stopped"],
    ]) {
      await writeFile(processes, `${line}\n`);
      assert.equal(await output(`stop_left "${processes}"; if is_running "${now}"; then echo runs; else echo stopped; fi`), expected, line);
      await rm(processes);
    }
    await exited;
  } finally {
    other.kill("SIGKILL");
  }
});
