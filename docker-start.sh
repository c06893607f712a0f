#!/usr/bin/env bash
# Builds and starts the whole platform with Docker Compose, and waits until it is healthy.
#   ./docker-start.sh              with the upstream set in .env
#   ./docker-start.sh --simulator  with the simulator as a free upstream
# The first run creates .env and generates its secrets. Later runs rebuild and replace what has changed; jobs continue. See
# DOCKER.md.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/scripts/lib.sh"

SIMULATOR=http://simulator:8090/v1/chat/completions

# configure_upstream [--simulator]: sets the upstream in .env, and enables the simulator's profile only if it is the upstream.
configure_upstream() {
  local upstream
  upstream=$(env_get SORA_API_URL)
  # Docker would create them for root only.
  mkdir -p catalogue secrets
  if [ "${1:-}" = --simulator ]; then
    [ -z "$(env_get SORA_CATALOGUE)" ] || fail "SORA_CATALOGUE in .env replaces the simulator; remove it first"
    [ -z "$upstream" ] || [ "$upstream" = "$SIMULATOR" ] ||
      fail "SORA_API_URL in .env is set to another upstream; remove it first"
    env_set SORA_API_URL "$SIMULATOR"
    env_set COMPOSE_PROFILES simulator
    env_set SORA_FREE true
  elif [ -z "$upstream$(env_get SORA_CATALOGUE)" ]; then
    fail "no upstream is configured: set SORA_API_URL (and SORA_API_TOKEN) in .env, or try ./docker-start.sh --simulator"
  elif [ "$upstream" != "$SIMULATOR" ] && [ "$(env_get COMPOSE_PROFILES)" = simulator ]; then
    compose --profile simulator rm --stop --force simulator >/dev/null 2>&1 || true
    env_set COMPOSE_PROFILES ''
    env_set SORA_FREE ''
  fi
}

# configure_address: sets PUBLIC_URL in .env, by default this machine's. Saves FRONTEND_PORT from the environment in .env, so
# that other commands use it, too.
configure_address() {
  local port
  if [ -n "${FRONTEND_PORT:-}" ]; then
    env_set FRONTEND_PORT "$FRONTEND_PORT"
    case $(env_get PUBLIC_URL) in http://localhost | http://localhost:*) env_set PUBLIC_URL '' ;; esac
  fi
  [ -z "$(env_get PUBLIC_URL)" ] || return 0
  port=$(env_get FRONTEND_PORT)
  port=${port##*:}
  [ "${port:=80}" != 80 ] || port=
  env_set PUBLIC_URL "http://localhost${port:+:$port}"
}

# is_healthy SERVICE: whether all of its containers are healthy.
is_healthy() {
  local ids
  ids=$(compose ps -q "$1")
  # shellcheck disable=SC2086
  [ -n "$ids" ] && ! docker inspect --format '{{.State.Health.Status}}' $ids | grep -qv '^healthy$'
}

# wait_for SERVICE…: waits up to three minutes until all are healthy.
wait_for() {
  local deadline=$((SECONDS + 180)) service
  for service in "$@"; do
    until is_healthy "$service"; do
      if [ "$SECONDS" -ge "$deadline" ]; then
        compose logs --tail=20 "$service" >&2
        fail "$service is not healthy after three minutes; its last log lines are above"
      fi
      sleep 1
    done
    info "$service is healthy"
  done
}

# print_setup_token: prints the setup token as long as there is no account.
print_setup_token() {
  local token
  token=$(compose logs --no-color gateway | sed -n 's/.*"setup_token":"\([^"]*\)".*/\1/p; s/.*setup_token=\([^ ]*\).*/\1/p' | tail -n 1)
  # shellcheck disable=SC2016
  if [ -n "$token" ] && ! compose exec -T postgres sh -c \
    'psql -tA -U "$POSTGRES_USER" -d "$POSTGRES_DB" -c "SELECT 1 FROM users LIMIT 1"' </dev/null | grep -q 1; then
    info "There is no administrator yet. Open $(env_get PUBLIC_URL)/sign-up#set-up and enter this setup token: $token"
  fi
}

case ${1:-} in
'' | --simulator) ;;
*) fail "unknown argument \"$1\" (expected --simulator)" ;;
esac
has docker || fail "Docker is missing; see https://docs.docker.com/engine/install/"
docker info >/dev/null 2>&1 || fail "cannot connect to the Docker engine; start it, or run this as a user who has access to it"
find_compose

ensure_env_file JWT_SECRET POSTGRES_PASSWORD REDIS_PASSWORD
configure_upstream "${1:-}"
configure_address

info "Building (the first time takes a few minutes)"
compose build || fail "the images could not be built; the message is above"
info "Starting (a running processor first finishes its generations, which takes up to ten minutes)"
if ! compose up --detach --remove-orphans; then
  compose logs --tail=20 migration >&2
  fail "the containers could not be started; the message is above"
fi
wait_for postgres redis gateway processor frontend

info "" "The platform is running at $(env_get PUBLIC_URL)"
print_setup_token
