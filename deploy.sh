#!/usr/bin/env bash
# Builds the platform and runs it on this machine under PM2. Running it again replaces the running processes without losing
# a job.
#   ./deploy.sh             builds, migrates and tests a new release, then replaces the running one
#   ./deploy.sh --restart   restarts the current release with the settings in .env
#   ./deploy.sh --rollback  returns to the previous release
# The new gateway listens next to the old one before that stops, and the new processor takes jobs while the old one finishes
# its own. If the new release does not stay up, the old one continues unaffected. See docs/OPERATIONS.md.
#   BINARIES  a folder with the built programs: gateway, processor, migration and xtask
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/scripts/lib.sh"

action=${1:-deploy}
case $action in
deploy | --restart | --rollback) ;;
*) fail "unknown argument \"$action\" (expected --restart or --rollback)" ;;
esac
umask 077
mkdir -p releases data logs

# ── PM2 ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

pm2() { command pm2 --silent "$@"; }

# instances NAME: prints one line per process: its number, its status, and its number of restarts.
instances() {
  command pm2 jlist --silent | NAME=$1 node -e '
    const text = require("node:fs").readFileSync(0, "utf8");
    for (const { pm_id, name, pm2_env } of JSON.parse(text.slice(text.indexOf("["))))
      if (name === process.env.NAME) console.log(pm_id, pm2_env.status, pm2_env.restart_time);'
}

# replace NAME: starts another process of this name and, once it has stayed up for a while, stops the previous ones.
replace() {
  local before fresh
  before=$(instances "$1" | cut -d' ' -f1)
  if [ -z "$before" ]; then
    pm2 start ecosystem.config.cjs --only "$1" || return
  else
    pm2 scale "$1" +1 || return
  fi
  fresh=$(instances "$1" | cut -d' ' -f1 | grep -vxF "${before:-none}")
  if ! stays_up "$1" "$fresh"; then
    pm2 delete "$fresh" || true
    return 1
  fi
  [ -z "$before" ] || retire "$1" $before
}

# stays_up NAME NUMBER: whether a process stays up for five seconds.
stays_up() {
  local seconds
  for seconds in 1 2 3 4 5; do
    sleep 1
    instances "$1" | grep -qx "$2 online 0" || return 1
  done
}

# retire NAME NUMBER…: stops processes gracefully; a processor finishes its open streams (DRAIN_TIMEOUT).
retire() {
  local name=$1
  shift
  info "The old $name finishes its running jobs"
  pm2 delete "$@"
}

# ── Releases ──────────────────────────────────────────────────────────────────────────────────────────────────────────

# build_release FOLDER: builds the programs and the page of this checkout into a release.
build_release() {
  local bin=${BINARIES:-} program
  if [ -z "$bin" ]; then
    require_rust
    info "Building (the first time takes a few minutes)"
    run cargo build --release --locked --package gateway --package processor --package migration --package xtask ||
      fail "the build failed; the compiler's message is above"
    bin=$(binaries_folder release)
  fi
  VITE_API_URL=$(env_get VITE_API_URL) run build_frontend || fail "the page could not be built; the message is above"
  mkdir -p "$1/bin"
  for program in gateway processor migration xtask; do cp "$bin/$program" "$1/bin/"; done
  cp -R frontend/dist "$1/page"
}

# set_current FOLDER: makes it the current release, atomically.
set_current() {
  ln -sfn "$(basename "$1")" releases/.next
  node -e 'require("node:fs").renameSync("releases/.next", "releases/current")'
}

# smoke_test FOLDER: runs the release's gateway on a separate port until it is ready.
smoke_test() {
  local port pid seconds=0 ready=1
  port=$(free_ports 1)
  RELEASE=$1 BACKEND_HOST=127.0.0.1 BACKEND_PORT=$port METRICS_LISTEN='' scripts/run gateway >logs/smoke-test.log 2>&1 &
  pid=$!
  while kill -0 "$pid" 2>/dev/null && [ "$seconds" -lt 40 ]; do
    if responds "http://127.0.0.1:$port/readyz"; then
      ready=0
      break
    fi
    sleep 0.5
    seconds=$((seconds + 1))
  done
  stop "$pid" 15
  [ "$ready" -eq 0 ] || tail -n 10 logs/smoke-test.log >&2
  return "$ready"
}

# activate FOLDER: starts the release's processes; if they do not stay up, returns to the previous ones.
activate() {
  local before='' name
  [ ! -e releases/current ] || before=releases/$(readlink releases/current)
  set_current "$1"
  for name in sora-gateway sora-processor; do
    info "Starting $name"
    replace "$name" && continue
    tail -n 10 "logs/${name#sora-}.log" >&2
    [ -n "$before" ] || fail "$name does not stay up; its last lines are above"
    if [ "$before" != "$1" ]; then
      info "$name does not stay up; its last lines are above. Returning to $before"
      set_current "$before"
      [ "$name" = sora-gateway ] || replace sora-gateway || fail "the gateway of $before does not stay up either"
      fail "$(basename "$1") was rolled back; $(basename "$before") is running"
    fi
    fail "$name does not stay up; the previous process continues"
  done
  pm2 save
}

# migrate FOLDER: migrates the database to the release's schema. If the running programs are not compatible with it, they
# are stopped first, and a backup is made, since restoring it is then the only way back.
migrate() {
  local expected version lowest running
  expected=$(RELEASE=$1 scripts/run migration up --dry-run --json) || fail "the schema version could not be read; the reason is above"
  read -r version lowest < <(node -p 'const { version, compatible_from } = JSON.parse(process.argv[1]); `${version} ${compatible_from}`' "$expected")
  running=$(cat releases/current/schema 2>/dev/null || true)
  if [ -n "$running" ] && [ "$running" -lt "$lowest" ]; then
    info "The new schema requires programs of version $lowest or newer; the running ones have version $running." \
      "They are stopped first. To go back, restore the backup made now, then run ./deploy.sh --rollback."
    pm2 stop sora-gateway sora-processor || true
    RELEASE=$1 scripts/archive backup backups || fail "the backup failed; nothing was changed (start again with ./deploy.sh --restart)"
    pm2 delete sora-gateway sora-processor || true
    running_state='Nothing is running: restore the backup and start the previous release with --restart'
  fi
  RELEASE=$1 scripts/run migration up || fail "the migration failed; nothing was changed"
  echo "$version" >"$1/schema"
}

# remove_old_releases: removes all releases but the current and the previous one.
remove_old_releases() {
  local folder current previous
  current=$(readlink releases/current) previous=$(readlink releases/previous || true)
  for folder in releases/2*; do
    case $(basename "$folder") in "$current" | "$previous") ;; *) rm -rf "$folder" ;; esac
  done
}

# ── First start ───────────────────────────────────────────────────────────────────────────────────────────────────────

# ensure_redis: sets up a private Redis on loopback, with a password, if .env names none.
ensure_redis() {
  local why
  if [ -z "$(env_get REDIS_URL)" ] && [ ! -e data/redis/redis.conf ]; then
    why=$(port_is_free 6379) || fail "port 6379 $why: set the Redis to use in .env, such as REDIS_URL=redis://127.0.0.1:6379"
    ensure_env_file REDIS_PASSWORD
    mkdir -p data/redis
    printf '%s\n' "bind 127.0.0.1" "port 6379" "dir data/redis" "appendonly yes" "maxmemory-policy noeviction" 'save ""' \
      "requirepass $(env_get REDIS_PASSWORD)" >data/redis/redis.conf
    env_set REDIS_URL "redis://:$(env_get REDIS_PASSWORD)@127.0.0.1:6379"
  fi
  [ -e data/redis/redis.conf ] || return 0
  install_missing redis-server:redis-server:redis
  [ -n "$(instances sora-redis)" ] || pm2 start ecosystem.config.cjs --only sora-redis || fail "Redis could not be started"
}

require_node
type -P pm2 >/dev/null || fail "PM2 is missing; install it with: npm install --global pm2"
if [ "$action" = deploy ]; then
  ensure_env_file JWT_SECRET
  [ -n "$(env_get SORA_API_URL)$(env_get SORA_CATALOGUE)" ] ||
    fail "neither SORA_API_URL nor SORA_CATALOGUE is set in .env: set your upstream there (and SORA_API_TOKEN)"
  port=$(env_get BACKEND_PORT)
  [ -n "$(env_get PUBLIC_URL)" ] || env_set PUBLIC_URL "http://localhost:${port:-3000}"
fi
ensure_redis

before=$(readlink releases/current || true)
running_state='The running release is unaffected'
case $action in
deploy)
  release=releases/$(date -u +%Y%m%d-%H%M%S)
  build_release "$release"
  migrate "$release"
  if ! smoke_test "$release"; then
    rm -rf "$release"
    fail "the new gateway does not become ready; its last lines are above. $running_state"
  fi
  activate "$release"
  [ -z "$before" ] || ln -sfn "$before" releases/previous
  remove_old_releases
  ;;
--restart)
  [ -n "$before" ] || fail "there is no release yet; create one with: ./deploy.sh"
  smoke_test releases/current || fail "the gateway does not become ready with these settings; the running release is unaffected"
  activate "releases/$before"
  ;;
--rollback)
  [ -e releases/previous ] || fail "there is no previous release"
  back=$(readlink releases/previous)
  smoke_test "releases/$back" || fail "$back does not become ready; the running release is unaffected"
  activate "releases/$back"
  ln -sfn "$before" releases/previous
  ;;
esac

info "" "$(readlink releases/current) is running at $(env_get PUBLIC_URL)" \
  "  pm2 status, pm2 logs; create the first administrator with: scripts/run gateway admin create --email you@example.org"
