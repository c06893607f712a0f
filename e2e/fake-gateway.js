// Serves the built page, with a gateway's content security policy (read from its source), and answers API requests with prepared
// data, so that every state of the page can be shown without processes. Anything not prepared is answered with a 404 problem.
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { once } from "node:events";
import { extname, join } from "node:path";
import { root } from "./platform.js";

const dist = join(root, "frontend/dist");
const read = (name) => readFileSync(join(root, `crates/simulator/media/${name}.mp4`));
const clips = { landscape: ["aurora", "galaxy", "sea"].map(read), portrait: ["hills", "lanterns", "reef"].map(read) };
const types = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2" };

/** A reference image. */
const drawing =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 160 120"><rect width="160" height="120" fill="#345"/><circle cx="110" cy="40" r="18" fill="#fc6"/><path d="M0 120 60 50l40 46 20-20 40 44z" fill="#123"/></svg>';

/** Serves until `stop`. `answers` maps "GET /api/path" to a value or to a function of the request. */
export async function startFakeGateway(answers = {}) {
  const policy = readPolicy();
  const gateway = { answers: { ...answers } };
  const server = createServer((request, response) => {
    const url = new URL(request.url, "http://localhost");
    const answer = url.pathname.startsWith("/api/") ? answerApi(gateway, request, url) : answerPage(request, url, policy);
    answer.then(
      ({ status = 200, headers = {}, body = "" }) => response.writeHead(status, headers).end(body),
      (cause) => response.writeHead(500).end(String(cause)),
    );
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  gateway.url = `http://localhost:${server.address().port}`;
  gateway.stop = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  };
  return gateway;
}

function readPolicy() {
  const source = readFileSync(join(root, "gateway/src/http/static_files.rs"), "utf8");
  const [, text] = /"(default-src [^"]*)"/.exec(source);
  return text.replace(/\\\s+|\{\w+\}/g, "");
}

/** Like the gateway, sends the Brotli copy that the build wrote where there is one and the browser takes it. */
async function answerPage(request, url, policy) {
  const file = extname(url.pathname) ? url.pathname : "/index.html";
  const headers = { "content-type": types[extname(file)] ?? "text/plain", "content-security-policy": policy };
  const compressed = /\bbr\b/.test(request.headers["accept-encoding"]) && (await readFile(join(dist, `${file}.br`)).catch(() => null));
  if (compressed) return { headers: { ...headers, "content-encoding": "br" }, body: compressed };
  const body = await readFile(join(dist, file)).catch(() => null);
  return body ? { headers, body } : { status: 404 };
}

async function answerApi(gateway, request, url) {
  const key = `${request.method} ${url.pathname}`;
  const content = /^\/api\/(?:videos|shares)\/([^/]+)\/content$/.exec(url.pathname);
  let value = gateway.answers[key] ?? gateway.answers[key.replace(/\/[^/]*$/, "/*")];
  if (typeof value === "function") value = await value({ request, url });
  if (value?.status && value?.problem) {
    const body = JSON.stringify({ status: value.status, code: value.problem, errors: value.errors });
    return { status: value.status, headers: { "content-type": "application/problem+json", ...value.headers }, body };
  }
  if (value !== undefined) return { headers: { "content-type": "application/json" }, body: JSON.stringify(value) };
  if (content && request.method === "GET") return clip(content[1], request.headers.range);
  if (/^\/api\/images\/[^/]+\/content$/.test(url.pathname)) return { headers: { "content-type": "image/svg+xml" }, body: drawing };
  return { status: 404, headers: { "content-type": "application/problem+json" }, body: JSON.stringify({ status: 404, code: "not_found" }) };
}

function clip(id, range) {
  const fitting = id.includes("portrait") ? clips.portrait : clips.landscape;
  const body = fitting[Number(/\d+$/.exec(id)?.[0] ?? 0) % fitting.length];
  const headers = { "content-type": "video/mp4", "accept-ranges": "bytes" };
  const [, from, to] = /bytes=(\d+)-(\d*)/.exec(range ?? "") ?? [];
  if (from === undefined) return { headers, body };
  const end = to ? Math.min(Number(to), body.length - 1) : body.length - 1;
  return { status: 206, headers: { ...headers, "content-range": `bytes ${from}-${end}/${body.length}` }, body: body.subarray(Number(from), end + 1) };
}

/**
 * A websocket that sends a welcome and a snapshot of all jobs, and stays open. Returns a function that sends a frame; its `end`
 * closes the socket and all later ones.
 */
export async function fakeWebsocket(page, jobs) {
  let send = () => undefined;
  let close = () => undefined;
  let ended = false;
  await page.routeWebSocket("**/api/ws", (socket) => {
    close = () => socket.close({ code: 1011 });
    if (ended) return close();
    send = (frame) => socket.send(JSON.stringify(frame));
    socket.onMessage(() => undefined);
    send({ type: "welcome", heartbeat: 25, expiresAt: "2099-01-01T00:00:00Z" });
    send({ type: "snapshot", jobs: jobs(), last: true });
  });
  const end = () => {
    ended = true;
    close();
  };
  return Object.assign((frame) => send(frame), { end });
}
