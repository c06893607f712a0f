// The platform in a cluster setup: PostgreSQL behind PgBouncer, Redis with TLS and a password, videos in a bucket.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { eventually, start } from "../platform.js";

const name = `e2e-${randomBytes(6).toString("hex")}`;
const { TEST_CERTIFICATES, TEST_PGBOUNCER_URL, TEST_REDIS_TLS_URL, TEST_S3_SERVER } = process.env;
const server = `http://${TEST_S3_SERVER}`;
let platform;
before(async () => {
  if (!TEST_S3_SERVER) throw new Error("TEST_S3_SERVER is not set: run this through scripts/with-services");
  assert.equal((await s3("PUT")).status, 200);
  execFileSync("psql", ["--quiet", "--command", `CREATE DATABASE "${name}"`, TEST_PGBOUNCER_URL]);
  const shared = {
    DATABASE_URL: TEST_PGBOUNCER_URL.replace(/[^/]*$/, name),
    REDIS_URL: TEST_REDIS_TLS_URL,
    SSL_CERT_FILE: join(TEST_CERTIFICATES, "ca.pem"),
    STORAGE_URL: `s3://${name}/of/sora`,
    S3_ENDPOINT: server,
    S3_ALLOW_HTTP: "true",
    S3_ACCESS_KEY_ID: "test",
    S3_SECRET_ACCESS_KEY: "test",
  };
  platform = await start({ simulator: ["--pace", "20"], shared });
});
after(() => platform?.stop());

test("a video is stored in the bucket, served with ranges, and removed with its job", { timeout: 120_000 }, async () => {
  const ready = await (await fetch(`${platform.url}/readyz`)).json();
  assert.deepEqual([ready.database, ready.redis, ready.storage], ["up", "up", "up"]);
  const account = { email: "ada@example.org", password: "correct horse battery" };
  const { token } = await (await call("POST", "/auth/register", account)).json();
  const as = { authorization: `Bearer ${token}` };
  const { job } = await (await call("POST", "/videos", { prompt: "A lighthouse in the rain" }, as)).json();
  const done = await eventually("the video has a poster", async () => {
    platform.check();
    const now = await (await call("GET", `/videos/jobs/${job.id}`, undefined, as)).json();
    return now.hasPoster && now;
  });

  assert.deepEqual(await kinds(), ["jpg", "mp4"]);
  const content = `/videos/${done.videoId}/content`;
  const whole = Buffer.from(await (await call("GET", content, undefined, as)).arrayBuffer());
  const head = await call("HEAD", content, undefined, as);
  assert.equal(head.headers.get("content-length"), String(whole.length));
  const part = await call("GET", content, undefined, { ...as, range: "bytes=10-19" });
  assert.equal(part.status, 206);
  assert.equal(part.headers.get("content-range"), `bytes 10-19/${whole.length}`);
  assert.deepEqual(Buffer.from(await part.arrayBuffer()), whole.subarray(10, 20));
  const poster = await call("GET", `/videos/${done.videoId}/poster`, undefined, as);
  assert.equal(poster.headers.get("content-type"), "image/jpeg");

  assert.equal((await call("DELETE", `/videos/jobs/${job.id}`, undefined, as)).status, 204);
  await eventually("the bucket is empty", async () => (await kinds()).length === 0);
  platform.check();
});

function call(method, path, body, headers = {}) {
  const json = body && { "content-type": "application/json" };
  return fetch(`${platform.url}/api${path}`, { method, headers: { ...json, ...headers }, body: body && JSON.stringify(body) });
}

/** The service part of a signed request; the server does not check the signature. */
function s3(method, query = "") {
  const authorization = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request";
  return fetch(`${server}/${name}${query}`, { method, headers: { authorization } });
}

/** The file extensions of all objects under the prefix. */
async function kinds() {
  const listed = await (await s3("GET", "?list-type=2")).text();
  return [...listed.matchAll(/<Key>of\/sora\/videos\/[^<]+\.(\w+)<\/Key>/g)].map(([, extension]) => extension).toSorted();
}
