#!/usr/bin/env bash
# Builds the platform and runs it on this machine under PM2; run again, it replaces what runs without losing a job.
#   ./deploy.sh             a new release: built, migrated, tried, then put in the place of the old one
#   ./deploy.sh --restart   the same release anew, with what .env says now
#   ./deploy.sh --rollback  the release before this one
# The new gateway listens beside the old one before that stops, and the new processor takes jobs while the old one finishes
# its own. When the new release does not come up, the old one goes on as if nothing had happened. See docs/OPERATIONS.md.
#   BINARIES  programs that are built already
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/scripts/lib.sh"

action=${1:-deploy}
case $action in
deploy | --restart | --rollback) ;;
*) fail "unknown argument \"$action\" (there are --restart and --rollback)" ;;
esac
umask 077
mkdir -p releases data logs

# ── PM2 ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

pm2() { command pm2 --silent "$@"; }

# instances NAME: one line for each process of that name: its number, its state, and how often it has ended.
instances() {
  command pm2 jlist --silent | NAME=$1 node -e '
    const text = require("node:fs").readFileSync(0, "utf8");
    for (const { pm_id, name, pm2_env } of JSON.parse(text.slice(text.indexOf("["))))
      if (name === process.env.NAME) console.log(pm_id, pm2_env.status, pm2_env.restart_time);'
}

# replace NAME: starts another process of that name, and when it has stayed for a while tells those before to finish.
replace() {
  local before fresh
  before=$(instances "$1" | cut -d' ' -f1)
  if [ -z "$before" ]; then
    pm2 start ecosystem.config.cjs --only "$1" || return
  else
    pm2 scale "$1" +1 || return
  fi
  fresh=$(instances "$1" | cut -d' ' -f1 | grep -vxF "${before:-none}")
  if ! stays "$1" "$fresh"; then
    pm2 delete "$fresh" || true
    return 1
  fi
  [ -z "$before" ] || finishing "$1" $before
}

# stays NAME NUMBER: whether the process is still the one that was started after five seconds.
stays() {
  local seconds
  for seconds in 1 2 3 4 5; do
    sleep 1
    instances "$1" | grep -qx "$2 online 0" || return 1
  done
}

# finishing NAME NUMBER…: lets processes end by themselves; a processor may have open streams to finish (DRAIN_TIMEOUT).
finishing() {
  local name=$1
  shift
  say "The old $name finishes what it has in hand"
  pm2 delete "$@"
}

# ── Releases ──────────────────────────────────────────────────────────────────────────────────────────────────────────

# build FOLDER: the programs and the page of this checkout.
build() {
  local bin=${BINARIES:-} program
  if [ -z "$bin" ]; then
    need_rust
    say "Building (the first time takes some minutes)"
    run cargo build --release --locked --package gateway --package processor --package migration ||
      fail "the build failed; the compiler's message is above"
    bin=$(built_in release)
  fi
  run build_frontend || fail "the page could not be built; the message is above"
  mkdir -p "$1/bin"
  for program in gateway processor migration; do cp "$bin/$program" "$1/bin/"; done
  cp -R frontend/dist "$1/page"
}

# version FIELD TEXT: a number out of what migration says: "schema version 4, compatible with programs from version 2".
version() { printf '%s\n' "$2" | sed -n "s/.*$1 \([0-9][0-9]*\).*/\1/p"; }

# point_to FOLDER: makes it the current release, in one step.
point_to() {
  ln -sfn "$(basename "$1")" releases/.next
  node -e 'require("node:fs").renameSync("releases/.next", "releases/current")'
}

# try_out FOLDER: serves with the release's gateway on a port of its own until it is ready.
try_out() {
  local port pid seconds=0 ready=1
  port=$(free_ports 1)
  RELEASE=$1 BACKEND_HOST=127.0.0.1 BACKEND_PORT=$port METRICS_LISTEN='' scripts/run gateway >logs/trial.log 2>&1 &
  pid=$!
  while kill -0 "$pid" 2>/dev/null && [ "$seconds" -lt 40 ]; do
    if answers "http://127.0.0.1:$port/readyz"; then
      ready=0
      break
    fi
    sleep 0.5
    seconds=$((seconds + 1))
  done
  stop "$pid" 15
  [ "$ready" -eq 0 ] || tail -n 10 logs/trial.log >&2
  return "$ready"
}

# put_in_place FOLDER: the release's processes instead of those that run, or, when they do not come up, those before.
put_in_place() {
  local before='' name
  [ ! -e releases/current ] || before=releases/$(readlink releases/current)
  point_to "$1"
  for name in sora-gateway sora-processor; do
    say "Starting $name"
    replace "$name" && continue
    tail -n 10 "logs/${name#sora-}.log" >&2
    [ -n "$before" ] || fail "$name does not stay up; its last lines are above"
    if [ "$before" != "$1" ]; then
      say "$name does not stay up; its last lines are above. Going back to $before"
      point_to "$before"
      [ "$name" = sora-gateway ] || replace sora-gateway || fail "the gateway of $before does not stay up either"
      fail "$(basename "$1") was rolled back; $(basename "$before") runs"
    fi
    fail "$name does not stay up; the one before goes on"
  done
  pm2 save
}

# migrate FOLDER: brings the database to the release's schema. What runs must be able to go on with it; otherwise it is
# stopped first, after a backup, because then there is no other way back.
migrate() {
  local expected lowest running
  expected=$(RELEASE=$1 scripts/run migration up --dry-run) || fail "the database cannot be asked; the reason is above"
  lowest=$(version 'from version' "$expected")
  running=$(cat releases/current/schema 2>/dev/null || true)
  if [ -n "$running" ] && [ "$running" -lt "$lowest" ]; then
    say "The new schema works with programs from version $lowest on; those that run have version $running." \
      "They are stopped first. The way back is the backup that is made now, with ./deploy.sh --rollback after it is restored."
    pm2 stop sora-gateway sora-processor || true
    scripts/run node scripts/archive.mjs backup backups || fail "no backup could be made; nothing was changed (./deploy.sh --restart)"
    pm2 delete sora-gateway sora-processor || true
  fi
  RELEASE=$1 scripts/run migration up || fail "the schema could not be applied; nothing was changed"
  version 'schema version' "$expected" >"$1/schema"
}

# tidy: keeps the current release and the one before it.
tidy() {
  local folder current previous
  current=$(readlink releases/current) previous=$(readlink releases/previous || true)
  for folder in releases/2*; do
    case $(basename "$folder") in "$current" | "$previous") ;; *) rm -rf "$folder" ;; esac
  done
}

# ── What a first start needs ──────────────────────────────────────────────────────────────────────────────────────────

# own_redis: Redis of this installation, on loopback and with a password, when .env names none.
own_redis() {
  local why
  if [ -z "$(setting REDIS_URL)" ] && [ ! -e data/redis/redis.conf ]; then
    why=$(port_is_free 6379) || fail "port 6379 $why: name the Redis to use in .env, such as REDIS_URL=redis://127.0.0.1:6379"
    make_settings REDIS_PASSWORD
    mkdir -p data/redis
    printf '%s\n' "bind 127.0.0.1" "port 6379" "dir data/redis" "appendonly yes" "maxmemory-policy noeviction" 'save ""' \
      "requirepass $(setting REDIS_PASSWORD)" >data/redis/redis.conf
    set_setting REDIS_URL "redis://:$(setting REDIS_PASSWORD)@127.0.0.1:6379"
  fi
  [ -e data/redis/redis.conf ] || return 0
  install_missing redis-server:redis-server:redis
  [ -n "$(instances sora-redis)" ] || pm2 start ecosystem.config.cjs --only sora-redis || fail "Redis could not be started"
}

need_node
type -P pm2 >/dev/null || fail "PM2 is missing; install it with: npm install --global pm2"
if [ "$action" = deploy ]; then
  make_settings JWT_SECRET
  [ -n "$(setting SORA_API_URL)" ] || fail "SORA_API_URL is not set in .env: name your upstream there (and SORA_API_TOKEN)"
  port=$(setting BACKEND_PORT)
  [ -n "$(setting PUBLIC_URL)" ] || set_setting PUBLIC_URL "http://localhost:${port:-3000}"
fi
own_redis

before=$(readlink releases/current || true)
case $action in
deploy)
  release=releases/$(date -u +%Y%m%d-%H%M%S)
  build "$release"
  migrate "$release"
  if ! try_out "$release"; then
    rm -rf "$release"
    fail "the new gateway does not become ready; its last lines are above. What runs was not touched"
  fi
  put_in_place "$release"
  [ -z "$before" ] || ln -sfn "$before" releases/previous
  tidy
  ;;
--restart)
  [ -n "$before" ] || fail "there is no release yet; make one with: ./deploy.sh"
  try_out releases/current || fail "the gateway does not become ready with these settings; what runs was not touched"
  put_in_place "releases/$before"
  ;;
--rollback)
  [ -e releases/previous ] || fail "there is no release before this one"
  back=$(readlink releases/previous)
  try_out "releases/$back" || fail "$back does not become ready; what runs was not touched"
  put_in_place "releases/$back"
  ln -sfn "$before" releases/previous
  ;;
esac

say "" "$(readlink releases/current) runs at $(setting PUBLIC_URL)" \
  "  pm2 status, pm2 logs; the first administrator: scripts/run gateway admin create --email you@example.org"
