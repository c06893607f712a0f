// Calls a real platform with whatever Schemathesis thinks up from the API's document, signed in as administrator: no answer
// may be a server error, and none may be other than described. Arguments: the command of Schemathesis and its flags.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { dirname } from "node:path";
import { start } from "./platform.js";

// What would sign the caller out, and what is no plain request.
const EXCLUDED = ["logout", "follow"];

const unlimited = { READS_PER_MINUTE: "0", WRITES_PER_MINUTE: "0", SIGN_INS_PER_ACCOUNT: "0", SIGN_INS_PER_ADDRESS: "0" };
const platform = await start({ simulator: ["--pace", "20"], gateway: { ...unlimited, MAX_WAITING_PER_USER: "0" } });
try {
  const body = JSON.stringify({ email: "admin@example.org", password: "correct horse battery" });
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(`${platform.url}/api/auth/register`, { method: "POST", headers, body });
  if (answer.status !== 201) throw new Error(`registering was answered with ${answer.status}`);
  const { token } = await answer.json();
  const [command, ...flags] = process.argv.slice(2);
  const exclusions = EXCLUDED.flatMap((id) => ["--exclude-operation-id", id]);
  const document = `${platform.url}/api/openapi.json`;
  const signedIn = ["-H", `Authorization: Bearer ${token}`];
  // It leaves notes of what it found where it runs.
  const options = { stdio: "inherit", cwd: dirname(command) };
  const run = spawn(command, ["run", document, ...signedIn, ...exclusions, ...flags], options);
  const [status] = await once(run, "close");
  process.exitCode = status ?? 1;
  platform.check();
} finally {
  await platform.stop();
}
