// Runs Schemathesis against a real platform, signed in as an administrator. No response may be a server error or differ from
// the API's document. Arguments: the Schemathesis program and its flags.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { dirname } from "node:path";
import { start } from "./platform.js";

// Operations that would sign the caller out, are not plain requests, or whose responses do not end.
const EXCLUDED = ["logout", "follow", "followJob", "followJobs"];

const unlimited = { READS_PER_MINUTE: "0", WRITES_PER_MINUTE: "0", SIGN_INS_PER_ACCOUNT: "0", SIGN_INS_PER_ADDRESS: "0" };
const platform = await start({ simulator: ["--pace", "20"], gateway: { ...unlimited, MAX_WAITING_PER_USER: "0" } });
try {
  const body = JSON.stringify({ email: "admin@example.org", password: "correct horse battery" });
  const headers = { "Content-Type": "application/json" };
  const response = await fetch(`${platform.url}/api/auth/register`, { method: "POST", headers, body });
  if (response.status !== 201) throw new Error(`registering returned ${response.status}`);
  const { token } = await response.json();
  const [command, ...flags] = process.argv.slice(2);
  const exclusions = EXCLUDED.flatMap((id) => ["--exclude-operation-id", id]);
  const document = `${platform.url}/api/openapi.json`;
  const signedIn = ["-H", `Authorization: Bearer ${token}`];
  // Schemathesis writes reports into its working directory.
  const options = { stdio: "inherit", cwd: dirname(command) };
  const run = spawn(command, ["run", document, ...signedIn, ...exclusions, ...flags], options);
  const [status] = await once(run, "close");
  process.exitCode = status ?? 1;
  platform.check();
} finally {
  await platform.stop();
}
