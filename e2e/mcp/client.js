// Calls the tools through the official packages for TypeScript: client.js client|sdk. `client` speaks the newest revision of
// the protocol, `sdk` the ones before. Both check results against the schemas of the tools. client.py does the same for
// Python. Address and key come from BASE_URL and API_KEY.
import assert from "node:assert/strict";

const url = new URL(`${process.env.BASE_URL}/mcp`);
const requestInit = { headers: { Authorization: `Bearer ${process.env.API_KEY}` } };

async function connect(kind) {
  const name = { name: "test", version: "1" };
  if (kind === "client") {
    const { Client, StreamableHTTPClientTransport } = await import("@modelcontextprotocol/client");
    const client = new Client(name, { versionNegotiation: { mode: { pin: "2026-07-28" } } });
    await client.connect(new StreamableHTTPClientTransport(url, { requestInit }));
    return { client, call: (params, options) => client.callTool(params, options) };
  }
  const { Client } = await import("@modelcontextprotocol/sdk/client/index.js");
  const { StreamableHTTPClientTransport } = await import("@modelcontextprotocol/sdk/client/streamableHttp.js");
  const client = new Client(name);
  await client.connect(new StreamableHTTPClientTransport(url, { requestInit }));
  return { client, call: (params, options) => client.callTool(params, undefined, options) };
}

const { client, call } = await connect(process.argv[2]);
const { tools } = await client.listTools();
assert.deepEqual(
  tools.map(({ name }) => name),
  ["list_models", "generate_video", "get_video", "wait_for_video", "list_videos", "cancel_video"],
);
const tool = async (name, args, options) => {
  const result = await call({ name, arguments: args }, options);
  assert(!result.isError, JSON.stringify(result));
  return result;
};

assert.equal((await tool("list_models", {})).structuredContent.defaults.seconds, 10);
const generated = (await tool("generate_video", { prompt: "A paper boat" })).structuredContent;
assert.equal(generated.already_existed, false);
const again = (await tool("generate_video", { prompt: "A paper boat" })).structuredContent;
const id = generated.videos[0].id;
assert.deepEqual([again.already_existed, again.videos[0].id], [true, id]);

const progress = [];
const options = { onprogress: (notification) => progress.push(notification.progress) };
const done = await tool("wait_for_video", { id }, options);
assert.equal(done.structuredContent.status, "completed");
assert(progress.length > 0 && progress.every((value, n) => n === 0 || value > progress[n - 1]), `progress: ${progress}`);
const link = done.content.find(({ type }) => type === "resource_link");
assert.equal(link.uri, done.structuredContent.file.url);
const file = new Uint8Array(await (await fetch(link.uri)).arrayBuffer());
assert.equal(file.length, link.size);
assert.equal(new TextDecoder().decode(file.slice(4, 8)), "ftyp");

assert.equal((await tool("list_videos", { limit: 1 })).structuredContent.videos[0].id, id);
const other = (await tool("generate_video", { prompt: "[sim:slow] A boat" })).structuredContent.videos[0].id;
assert(["cancelled", "processing"].includes((await tool("cancel_video", { id: other })).structuredContent.status));
const wrong = await call({ name: "generate_video", arguments: { prompt: "", seconds: 3 } });
assert(wrong.isError && wrong.content[0].text.includes("seconds: Must be one of 10, 15 with the model sora2."), JSON.stringify(wrong));
await client.close();
