// An HTTP proxy in front of the gateway that loses requests and answers at random. It never drops the last attempt of an SDK,
// so that each call succeeds in the end.
import { once } from "node:events";
import { createServer, request } from "node:http";

/** Starts it in front of `port`. `random` returns numbers from 0 to 1. */
export async function startProxy(port, random) {
  const dropped = { requests: 0, answers: 0 };
  const server = createServer(async (incoming, outgoing) => {
    const chunks = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const isLast = Number(incoming.headers["x-stainless-retry-count"] ?? 0) >= 2;
    const fate = isLast ? 1 : random();
    if (fate < 0.25) {
      dropped.requests += 1;
      return incoming.socket.destroy();
    }
    const { method, url: path, headers } = incoming;
    const forwarded = request({ port, host: "127.0.0.1", method, path, headers: { ...headers, host: `localhost:${port}` } });
    forwarded.on("error", () => incoming.socket.destroy());
    forwarded.end(Buffer.concat(chunks));
    const [answer] = await once(forwarded, "response");
    const body = [];
    for await (const chunk of answer) body.push(chunk);
    if (fate < 0.6) {
      dropped.answers += 1;
      return incoming.socket.destroy();
    }
    outgoing.writeHead(answer.statusCode, answer.headers).end(Buffer.concat(body));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    dropped,
    url: `http://127.0.0.1:${server.address().port}/v1`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
