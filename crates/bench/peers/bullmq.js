// A queue in Redis with BullMQ: adds jobs, then processes them, 50 at a time. Prints both rates as JSON.
// Usage: node bullmq.js REDIS_PORT JOBS
import { Queue, Worker } from "bullmq";

const [port, number] = process.argv.slice(2).map(Number);
const TASKS = 50;
const connection = { host: "127.0.0.1", port };
const queue = new Queue("bench", { connection, defaultJobOptions: { removeOnComplete: true } });
await queue.waitUntilReady();

const rate = (since) => Math.round(number / ((performance.now() - since) / 1000));
let added = 0;
const adding = performance.now();
await Promise.all(
  Array.from({ length: TASKS }, async () => {
    while (added < number) await queue.add("job", { number: added++ });
  }),
);
const enqueued = rate(adding);

const processing = performance.now();
let done = 0;
await new Promise((resolve) => {
  const worker = new Worker("bench", async () => {}, { connection, concurrency: TASKS });
  worker.on("completed", () => ++done === number && resolve());
});
console.log(JSON.stringify({ enqueued, processed: rate(processing) }));
process.exit(0);
