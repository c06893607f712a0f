#!/usr/bin/env bash
# Builds and starts the whole platform with Docker Compose, and waits until it is healthy.
#   ./docker-start.sh              with the upstream that .env names
#   ./docker-start.sh --simulator  with the simulator as the upstream: free, to try things out
# The first run makes .env, with secrets of its own. Later runs build what has changed and replace what runs; jobs
# go on where they were. See DOCKER.md.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/scripts/lib.sh"

SIMULATOR=http://simulator:8090/v1/chat/completions

# choose_upstream [--simulator]: leaves .env with an upstream, and the simulator's profile on only where it is the one.
choose_upstream() {
  local upstream
  upstream=$(setting SORA_API_URL)
  if [ "${1:-}" = --simulator ]; then
    [ -z "$upstream" ] || [ "$upstream" = "$SIMULATOR" ] ||
      fail "SORA_API_URL in .env names another upstream; empty it there first, so that it is not lost"
    set_setting SORA_API_URL "$SIMULATOR"
    set_setting COMPOSE_PROFILES simulator
    set_setting SORA_FREE true
  elif [ -z "$upstream" ]; then
    fail "no upstream yet: set SORA_API_URL (and SORA_API_TOKEN) in .env, or try ./docker-start.sh --simulator"
  elif [ "$upstream" != "$SIMULATOR" ] && [ "$(setting COMPOSE_PROFILES)" = simulator ]; then
    compose --profile simulator rm --stop --force simulator >/dev/null 2>&1 || true
    set_setting COMPOSE_PROFILES ''
    set_setting SORA_FREE ''
  fi
}

# choose_address: leaves .env with a PUBLIC_URL, this machine's own unless it has one. A FRONTEND_PORT of the environment
# is kept in .env, where every other command finds it too.
choose_address() {
  local port
  if [ -n "${FRONTEND_PORT:-}" ]; then
    set_setting FRONTEND_PORT "$FRONTEND_PORT"
    case $(setting PUBLIC_URL) in http://localhost | http://localhost:*) set_setting PUBLIC_URL '' ;; esac
  fi
  [ -z "$(setting PUBLIC_URL)" ] || return 0
  port=$(setting FRONTEND_PORT)
  port=${port##*:}
  [ "${port:=80}" != 80 ] || port=
  set_setting PUBLIC_URL "http://localhost${port:+:$port}"
}

# is_healthy SERVICE: whether it runs, and each of its containers says so.
is_healthy() {
  local ids
  ids=$(compose ps -q "$1")
  # shellcheck disable=SC2086
  [ -n "$ids" ] && ! docker inspect --format '{{.State.Health.Status}}' $ids | grep -qv '^healthy$'
}

# wait_for SERVICE…: until all are healthy, three minutes at most.
wait_for() {
  local deadline=$((SECONDS + 180)) service
  for service in "$@"; do
    until is_healthy "$service"; do
      if [ "$SECONDS" -ge "$deadline" ]; then
        compose logs --tail=20 "$service" >&2
        fail "$service is not healthy after three minutes; above are its last lines"
      fi
      sleep 1
    done
    say "$service is healthy"
  done
}

# offer_setup: while nobody has an account, the token that makes the first one an administrator.
offer_setup() {
  local token
  token=$(compose logs --no-color gateway | sed -n 's/.*"setup_token":"\([^"]*\)".*/\1/p; s/.*setup_token=\([^ ]*\).*/\1/p' | tail -n 1)
  # shellcheck disable=SC2016
  if [ -n "$token" ] && ! compose exec -T postgres sh -c \
    'psql -tA -U "$POSTGRES_USER" -d "$POSTGRES_DB" -c "SELECT 1 FROM users LIMIT 1"' </dev/null | grep -q 1; then
    say "Nobody is administrator yet. Open $(setting PUBLIC_URL)/sign-up#set-up and give this set-up token: $token"
  fi
}

case ${1:-} in
'' | --simulator) ;;
*) fail "unknown argument \"$1\" (there is only --simulator)" ;;
esac
has docker || fail "Docker is missing; see https://docs.docker.com/engine/install/"
docker info >/dev/null 2>&1 || fail "the Docker engine does not answer; start it, or run this as a user who may use it"
find_compose

make_settings JWT_SECRET POSTGRES_PASSWORD REDIS_PASSWORD
choose_upstream "${1:-}"
choose_address

say "Building (the first time takes some minutes)"
compose build || fail "the images could not be built; the message is above"
say "Starting (a processor with open generations finishes them first, ten minutes at most)"
if ! compose up --detach --remove-orphans; then
  compose logs --tail=20 migration >&2
  fail "the containers could not be started; the message is above"
fi
wait_for postgres redis gateway processor frontend

say "" "The platform runs at $(setting PUBLIC_URL)"
offer_setup
