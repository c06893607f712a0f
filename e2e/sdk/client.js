// Calls the platform through the `openai` package for Node: client.js COMMAND PACKAGE [ARGUMENT]. Address and keys come from
// BASE_URL, API_KEY, READ_KEY and LIMITED_KEY; nothing else is set. client.py does the same in Python.
import assert from "node:assert/strict";
import { createReadStream } from "node:fs";

const [command, module, argument] = process.argv.slice(2);
const openai = await import(module);
const { OpenAI } = openai;
const { BASE_URL: baseURL, API_KEY: apiKey, READ_KEY, LIMITED_KEY } = process.env;
const client = new OpenAI({ baseURL, apiKey });
const once = (key) => new OpenAI({ baseURL, apiKey: key, maxRetries: 0 });
const image = () => createReadStream(argument);

const commands = { walk, errors, clicks, broken };
await commands[command]();

async function walk() {
  const models = [];
  for await (const model of client.models.list()) models.push(model.id);
  assert.deepEqual(models, ["sora-2", "sora-2-pro"]);
  assert.equal((await client.models.retrieve("sora-2")).owned_by, "upstream");

  const plain = await client.videos.create({ prompt: "A paper boat", model: "sora-2", seconds: "8", size: "720x1280" });
  assert(["queued", "in_progress"].includes(plain.status), plain.status);
  assert.deepEqual([plain.object, plain.seconds, plain.size], ["video", "8", "720x1280"]);
  const drawn = await client.videos.create({ prompt: "A drawn boat", input_reference: image() });

  const done = await createAndPoll({ prompt: "A boat that arrives" });
  assert.equal(done.status, "completed", JSON.stringify(done));
  assert(done.completed_at >= done.created_at);
  const file = Buffer.from(await (await client.videos.downloadContent(done.id)).arrayBuffer());
  assert.match(file.subarray(4, 8).toString(), /ftyp/);
  const still = Buffer.from(await (await client.videos.downloadContent(done.id, { variant: "thumbnail" })).arrayBuffer());
  assert.deepEqual([...still.subarray(0, 3)], [0xff, 0xd8, 0xff]);
  const sheet = Buffer.from(await (await client.videos.downloadContent(done.id, { variant: "spritesheet" })).arrayBuffer());
  assert.deepEqual([...sheet.subarray(0, 3)], [0xff, 0xd8, 0xff]);

  const failed = await createAndPoll({ prompt: "A boat [sim:refuse@40%]" });
  assert.deepEqual([failed.status, failed.error.code], ["failed", "refused"]);

  const remix = await client.videos.remix(plain.id, { prompt: "A boat by night" });
  assert.deepEqual([remix.remixed_from_video_id, remix.size, remix.prompt], [plain.id, "720x1280", "A boat by night"]);

  const created = [plain, drawn, done, failed, remix].map(({ id }) => id);
  const listed = [];
  for await (const video of client.videos.list({ limit: 2, order: "asc" })) listed.push(video.id);
  assert.deepEqual(listed, created);

  for (const id of created.filter((id) => id !== done.id)) assert.equal((await client.videos.delete(id)).deleted, true);
  await assert.rejects(client.videos.retrieve(plain.id), openai.NotFoundError);
  console.log(done.id);
}

async function createAndPoll(body) {
  const { id } = await client.videos.create(body);
  for (;;) {
    const { data, response } = await client.videos.retrieve(id).withResponse();
    if (!["queued", "in_progress"].includes(data.status)) return data;
    await new Promise((done) => setTimeout(done, Number(response.headers.get("openai-poll-after-ms"))));
  }
}

async function errors() {
  const fails = async (promise, type, expected) => {
    const error = await promise.then(() => assert.fail("the call succeeded"), (cause) => cause);
    assert(error instanceof type, `${error.constructor.name}: ${error.message}`);
    for (const [name, value] of Object.entries(expected)) assert.equal(error[name], value, `${name} of ${error.message}`);
    assert.notEqual(error.requestID ?? error.request_id, undefined);
  };
  const create = (body) => client.videos.create({ prompt: "A boat", ...body });
  await fails(create({ seconds: "20" }), openai.BadRequestError, { status: 400, code: "unsupported_parameter", param: "seconds" });
  await fails(create({ model: "sora-9" }), openai.BadRequestError, { code: "model_not_found", param: "model" });
  await fails(create({ prompt: "" }), openai.BadRequestError, { code: "blank", param: "prompt", type: "invalid_request_error" });
  await fails(create({ colour: "blue" }), openai.BadRequestError, { code: "unknown_parameter", param: "colour" });
  await fails(once("sk-wrong").videos.list(), openai.AuthenticationError, { status: 401, code: "invalid_api_key" });
  await fails(once(READ_KEY).videos.create({ prompt: "x" }), openai.PermissionDeniedError, { status: 403, code: "insufficient_scope" });
  await fails(client.videos.retrieve("video_123"), openai.NotFoundError, { status: 404, code: "not_found" });
  await fails(client.videos.downloadContent("video_123"), openai.NotFoundError, {});
  await fails(client.post("/videos/edits", { body: {} }), openai.NotFoundError, { code: "unsupported_operation" });
  const waiting = await create({ prompt: "A boat [sim:slow]" });
  await fails(client.videos.downloadContent(waiting.id), openai.BadRequestError, { code: "wrong_state" });
  await client.videos.delete(waiting.id);
  const limited = async () => {
    for (let count = 0; count < 1_000; count += 1) await once(LIMITED_KEY).models.list();
  };
  await fails(limited(), openai.RateLimitError, { status: 429, code: "rate_limited", type: "rate_limit_error" });
}

async function clicks() {
  const prompts = JSON.parse(argument);
  const videos = await Promise.all(prompts.map((prompt) => client.videos.create({ prompt })));
  assert.equal(new Set(videos.map(({ id }) => id)).size, prompts.length);
}

async function broken() {
  const error = await once(apiKey).videos.downloadContent(argument).catch((cause) => cause);
  assert(error instanceof openai.InternalServerError, error.constructor.name);
  assert.equal(error.code, "internal");
}
