// A line between the browser and the gateway that can be cut and mended: bytes pass untouched while it is whole.
import { once } from "node:events";
import { connect, createServer } from "node:net";

export async function startLine(port) {
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
    to: (there) => (target = there),
    cut,
    mend: () => (whole = true),
    close: () => {
      cut();
      server.close();
    },
  };
}
