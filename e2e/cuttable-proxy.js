// A TCP proxy between browser and gateway whose connections can be cut and restored.
import { once } from "node:events";
import { connect, createServer } from "node:net";

export async function startProxy(port) {
  const open = new Set();
  let whole = true;
  let target = null;
  const server = createServer((client) => {
    if (!whole || target === null) return client.destroy();
    const gateway = connect(target, "127.0.0.1");
    for (const [one, other] of [[client, gateway], [gateway, client]]) {
      open.add(one);
      one.on("error", () => other.destroy()).on("close", () => open.delete(one) && other.destroy());
      one.pipe(other);
    }
  }).listen(port, "127.0.0.1");
  await once(server, "listening");
  const cut = () => {
    whole = false;
    for (const socket of open) socket.destroy();
  };
  return {
    connectTo: (port) => (target = port),
    cut,
    restore: () => (whole = true),
    close: () => {
      cut();
      server.close();
    },
  };
}
