// PM2's configuration for one machine; deploy.sh starts and replaces the processes and creates the files named here.
// Each process starts through scripts/run, which reads .env and passes on only what the process needs. PM2 itself therefore
// holds no secrets, and a restart applies changed settings.
const { existsSync, readFileSync } = require("node:fs");
const { join } = require("node:path");

const settings = existsSync(join(__dirname, ".env")) ? readFileSync(join(__dirname, ".env"), "utf8") : "";
const setting = (name) => new RegExp(`^${name}=["']?([^"'\r\n]*)`, "m").exec(settings)?.[1] ?? "";

/** Converts a duration such as 500ms, 30s or 10m to milliseconds. */
function milliseconds(text) {
  const [, number, unit] = /^(\d+) *(ms|s|m|h|d)?$/.exec(text) ?? [];
  return Number(number) * { ms: 1, s: 1e3, m: 6e4, h: 36e5, d: 864e5 }[unit ?? "s"];
}

/** Gateway and processor share .env but cannot share METRICS_LISTEN: the processor uses the next port. */
function processorMetrics() {
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
  // Passes on nothing of the caller's environment: every name contains the empty string.
  filter_env: [""],
  env: { PATH: process.env.PATH, ...env },
  // Longer than the process takes to stop; then PM2 kills it.
  kill_timeout,
  // Restarting does not fix a wrong configuration.
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
    // The configuration exists only if .env names no other Redis.
    ...(existsSync(join(__dirname, "data/redis/redis.conf")) ? [redis] : []),
    app("gateway", 20_000, { BACKEND_SHARE_PORT: "true" }),
    app("processor", milliseconds(setting("DRAIN_TIMEOUT") || "600s") + 30_000, processorMetrics()),
  ],
};
