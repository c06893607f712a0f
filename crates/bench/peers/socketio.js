// The relay of ws.js with Socket.IO. Usage: node socketio.js PORT REDIS_URL CHANNEL
import { createServer } from "node:http";
import { Redis } from "ioredis";
import { Server } from "socket.io";

const [port, redis, channel] = process.argv.slice(2);
const http = createServer();
const io = new Server(http, { transports: ["websocket"], perMessageDeflate: false });

io.on("connection", (socket) => socket.join(socket.handshake.query.user));

const subscriber = new Redis(redis);
subscriber.on("message", (_, event) => {
  const end = event.indexOf("\n");
  const [user] = event.slice(0, end).split("|");
  io.to(user).emit("job", JSON.parse(event.slice(end + 1)));
});
await subscriber.subscribe(channel);
http.listen(Number(port), "127.0.0.1");
