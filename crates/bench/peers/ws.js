// Relays events from Redis to websockets with `ws` and `ioredis`. Usage: node ws.js PORT REDIS_URL CHANNEL
// A minimal relay: the user in the address is not authenticated.
import { Redis } from "ioredis";
import { WebSocketServer } from "ws";

const [port, redis, channel] = process.argv.slice(2);
const users = new Map();

new WebSocketServer({ port: Number(port), host: "127.0.0.1", perMessageDeflate: false }).on("connection", (socket, request) => {
  const user = new URL(request.url, "http://localhost").searchParams.get("user");
  if (!users.has(user)) users.set(user, new Set());
  users.get(user).add(socket);
  socket.on("error", () => {});
  socket.on("close", () => users.get(user).delete(socket));
});

const subscriber = new Redis(redis);
subscriber.on("message", (_, event) => {
  const end = event.indexOf("\n");
  const [user] = event.slice(0, end).split("|");
  const frame = event.slice(end + 1);
  for (const socket of users.get(user) ?? []) socket.send(frame);
});
await subscriber.subscribe(channel);
