// Webhooks of real jobs, verified by the packages that receivers use: standardwebhooks and openai, for Python and Node. Run by
// scripts/test-webhooks, which installs them and sets WEBHOOKS_PYTHON to an interpreter that has those for Python.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createServer } from "node:http";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import OpenAI from "openai";
import { Webhook } from "standardwebhooks";
import { eventually, start } from "../platform.js";

let platform, receiver, url;
const received = [];

before(async () => {
  if (!process.env.WEBHOOKS_PYTHON) throw new Error("WEBHOOKS_PYTHON is not set: run scripts/test-webhooks");
  receiver = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += chunk;
    received.push({ headers: request.headers, body });
    response.writeHead(204).end();
  }).listen(0, "127.0.0.1");
  await once(receiver, "listening");
  const address = `127.0.0.1:${receiver.address().port}`;
  url = `http://${address}/hook`;
  platform = await start({
    simulator: ["--pace", "20"],
    gateway: { FRONTEND_DIST: undefined },
    shared: { WEBHOOK_ALLOW: address },
  });
});
after(async () => {
  await platform?.stop();
  receiver?.close();
});

/** Calls the API and returns the response's body. */
async function call(token, method, path, body) {
  const response = await fetch(`${platform.url}/api${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(body && { body: JSON.stringify(body) }),
  });
  assert(response.ok, `${method} ${path}: ${response.status} ${await response.clone().text()}`);
  return response.json();
}

async function register(email) {
  const body = JSON.stringify({ email, password: "correct horse battery" });
  const response = await fetch(`${platform.url}/api/auth/register`, { method: "POST", headers: { "content-type": "application/json" }, body });
  return (await response.json()).token;
}

/** Waits for the event of this type about this job. */
const event = (job, type) =>
  eventually(`${type} arrives`, () => received.find(({ body }) => body.includes(job) && JSON.parse(body).type === type));

/** What each package makes of a request: the event's type and the job, or an error. */
async function verified(secret, { headers, body }) {
  const packages = ["standardwebhooks", "openai"];
  const input = JSON.stringify(packages.map((name) => ({ package: name, secret, headers, body })));
  const script = fileURLToPath(new URL("verify.py", import.meta.url));
  const python = JSON.parse(execFileSync(process.env.WEBHOOKS_PYTHON, [script], { input, encoding: "utf8" }));
  const node = [];
  for (const verify of [
    () => new Webhook(secret).verify(body, headers),
    () => new OpenAI({ apiKey: "unused", webhookSecret: secret }).webhooks.unwrap(body, headers),
  ]) {
    try {
      const { type, data } = await verify();
      node.push({ type, id: data.id });
    } catch (cause) {
      node.push({ error: cause.constructor.name });
    }
  }
  return [...python, ...node];
}

test("the packages verify the events of jobs that complete, fail and are cancelled", async () => {
  const token = await register("ada@example.org");
  const { secret } = await call(token, "POST", "/webhooks", { url });
  const submit = async (prompt) => (await call(token, "POST", "/videos", { prompt })).job.id;
  const completed = await submit("日落 🌅 \"quoted\" \\ and a line\nbreak");
  const refused = await submit("a cat [sim:refuse@40%]");
  const cancelled = await submit("a dog [sim:pace=60000]");
  await call(token, "POST", `/videos/jobs/${cancelled}/cancel`);
  for (const [job, type] of [[completed, "video.completed"], [refused, "video.failed"], [cancelled, "video.cancelled"]]) {
    const request = await event(job, type);
    assert.deepEqual(await verified(secret, request), Array(4).fill({ type, id: job }), type);
    assert.equal(JSON.parse(request.body).id, request.headers["webhook-id"]);
  }
  platform.check();
});

test("the packages reject another secret and a changed body", async () => {
  const token = await register("eve@example.org");
  const { id, secret } = await call(token, "POST", "/webhooks", { url });
  const { eventId } = await call(token, "POST", `/webhooks/${id}/test`, {});
  const request = await eventually("the test arrives", () => received.find(({ headers }) => headers["webhook-id"] === eventId));
  assert((await verified(secret, request)).every(({ type }) => type === "video.completed"));
  const other = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
  for (const wrong of [await verified(other, request), await verified(secret, { ...request, body: `${request.body} ` })]) {
    assert(wrong.every(({ error }) => error), JSON.stringify(wrong));
  }
});

test("after a rotation both secrets verify", async () => {
  const token = await register("bob@example.org");
  const before = await call(token, "POST", "/webhooks", { url });
  const rotated = await call(token, "POST", `/webhooks/${before.id}/rotate`);
  const { eventId } = await call(token, "POST", `/webhooks/${before.id}/test`, { event: "video.failed" });
  const request = await eventually("the test arrives", () => received.find(({ headers }) => headers["webhook-id"] === eventId));
  for (const { secret } of [before, rotated]) {
    assert((await verified(secret, request)).every(({ type }) => type === "video.failed"));
  }
});
