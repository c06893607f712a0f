// The usual design in Node, one process: Express, `pg`, and work in the background of the process that took the request.
// Usage: node express.js PORT DATABASE_URL UPSTREAM_URL
// It does less than the platform: no queue, no limits, no webhooks, no events, no recorded attempts; what runs is lost with the
// process; and the video stays with the upstream.
import { randomUUID } from "node:crypto";
import express from "express";
import jwt from "jsonwebtoken";
import pg from "pg";

const [port, database, upstream] = process.argv.slice(2);
const SECRET = "bench";
const pool = new pg.Pool({ connectionString: database, max: 20 });
await pool.query(`CREATE TABLE IF NOT EXISTS express_jobs (
  id uuid PRIMARY KEY, user_id uuid NOT NULL, prompt text NOT NULL, orientation text NOT NULL,
  status text NOT NULL DEFAULT 'pending', progress int NOT NULL DEFAULT 0, video_url text, error text,
  created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now())`);

const update = (id, assignments, ...values) =>
  pool.query(`UPDATE express_jobs SET ${assignments}, updated_at = now() WHERE id = $1`, [id, ...values]);

async function generate(id, prompt) {
  await update(id, "status = 'processing'");
  const answer = await fetch(upstream, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "sora-2", stream: true, messages: [{ role: "user", content: prompt }] }),
  });
  let url;
  for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) {
    const progress = /(\d+)%/.exec(chunk);
    if (progress) await update(id, "progress = $2", Number(progress[1]));
    url ??= /\((http[^)]+)\)/.exec(chunk)?.[1];
  }
  if (!url) throw new Error("no video");
  await update(id, "status = 'completed', progress = 100, video_url = $2", url);
}

const app = express();
app.use(express.json());
app.get("/token", (_, response) => response.send(jwt.sign({ sub: randomUUID() }, SECRET)));
app.use((request, response, next) => {
  try {
    request.user = jwt.verify((request.headers.authorization ?? "").slice("Bearer ".length), SECRET).sub;
    next();
  } catch {
    response.status(401).json({ error: "unauthorized" });
  }
});
app.post("/api/videos", async (request, response) => {
  const { prompt, orientation } = request.body;
  const id = randomUUID();
  await pool.query("INSERT INTO express_jobs (id, user_id, prompt, orientation) VALUES ($1, $2, $3, $4)", [
    id,
    request.user,
    prompt,
    orientation,
  ]);
  if (upstream) generate(id, prompt).catch((error) => update(id, "status = 'failed', error = $2", error.message));
  response.status(202).json({ job: { id, status: "pending", progress: 0, prompt } });
});
app.get("/api/videos/jobs/:id", async (request, response) => {
  const { rows } = await pool.query(
    "SELECT id, status, progress, prompt, video_url, error FROM express_jobs WHERE id = $1 AND user_id = $2",
    [request.params.id, request.user],
  );
  if (rows.length === 0) return response.status(404).json({ error: "not found" });
  response.json(rows[0]);
});
app.listen(Number(port), "127.0.0.1");
