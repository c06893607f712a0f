// The platform under PM2, on one machine: started and replaced by deploy.sh, which also makes what this file refers to.
// Every process goes through scripts/run, which reads .env each time anew and gives it only what is its business: PM2 itself
// is told no secret, and a restart is enough for a changed setting.
const { existsSync, readFileSync } = require("node:fs");
const { join } = require("node:path");

const settings = existsSync(join(__dirname, ".env")) ? readFileSync(join(__dirname, ".env"), "utf8") : "";
const setting = (name) => new RegExp(`^${name}=["']?([^"'\r\n]*)`, "m").exec(settings)?.[1] ?? "";

/** Milliseconds of a length of time such as 500ms, 30s, 10m. */
function milliseconds(text) {
  const [, number, unit] = /^(\d+) *(ms|s|m|h|d)?$/.exec(text) ?? [];
  return Number(number) * { ms: 1, s: 1e3, m: 6e4, h: 36e5, d: 864e5 }[unit ?? "s"];
}

/** Gateway and processor share .env, and each needs an address of its own: the processor has the next port. */
function processorsMetrics() {
  const [, host, port] = /^(.*):(\d+)$/.exec(setting("METRICS_LISTEN")) ?? [];
  return port ? { METRICS_LISTEN: `${host}:${Number(port) + 1}` } : {};
}

const app = (name, kill_timeout, env = {}) => ({
  name: `sora-${name}`,
  cwd: __dirname,
  script: "scripts/run",
  args: name,
  interpreter: "none",
  exec_mode: "fork",
  // Nothing of the caller's environment: every name holds the empty text.
  filter_env: [""],
  env: { PATH: process.env.PATH, ...env },
  // Longer than the process takes by itself; then PM2 kills it.
  kill_timeout,
  // A wrong configuration does not get better by trying again.
  stop_exit_codes: [78],
  exp_backoff_restart_delay: 200,
  out_file: join(__dirname, `logs/${name}.log`),
  error_file: join(__dirname, `logs/${name}.log`),
  merge_logs: true,
});

const redis = {
  ...app("redis", 30_000),
  script: "redis-server",
  args: "data/redis/redis.conf",
};

module.exports = {
  apps: [
    // Of the machine's own Redis there is a file only where .env named no other.
    ...(existsSync(join(__dirname, "data/redis/redis.conf")) ? [redis] : []),
    app("gateway", 20_000, { BACKEND_SHARE_PORT: "true" }),
    app("processor", milliseconds(setting("DRAIN_TIMEOUT") || "600s") + 30_000, processorsMetrics()),
  ],
};
