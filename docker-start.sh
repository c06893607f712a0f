#!/usr/bin/env bash
# Builds and starts the whole platform with Docker Compose, and waits until it is healthy.
#   ./docker-start.sh              with the upstream that .env names
#   ./docker-start.sh --simulator  with the simulator as the upstream: free, to try things out
# The first run makes .env, with secrets of its own. Later runs build what has changed and replace what runs; jobs
# go on where they were. See DOCKER.md.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/scripts/lib.sh"

simulator=
case ${1:-} in
'') ;;
--simulator) simulator=yes ;;
*) fail "unknown argument \"$1\" (there is only --simulator)" ;;
esac

has docker || fail "Docker is missing; see https://docs.docker.com/engine/install/"
docker info >/dev/null 2>&1 || fail "the Docker engine does not answer; start it, or run this as a user who may use it"
find_compose

make_settings JWT_SECRET POSTGRES_PASSWORD REDIS_PASSWORD
if [ -n "$simulator" ]; then
  set_setting SORA_API_URL http://simulator:8090/v1/chat/completions
  set_setting COMPOSE_PROFILES simulator
fi
[ -n "$(setting SORA_API_URL)" ] ||
  fail "SORA_API_URL is not set in .env: name your upstream there (and SORA_API_TOKEN), or try ./docker-start.sh --simulator"
port=$(setting FRONTEND_PORT)
port=${port:-80}
[ -n "$(setting PUBLIC_URL)" ] || set_setting PUBLIC_URL "http://localhost$([ "$port" = 80 ] || echo ":$port")"

say "Building (the first time takes some minutes)"
compose build || fail "the images could not be built; the message is above"
say "Starting"
compose up --detach --remove-orphans || fail "the containers could not be started; the message is above"

# healthy SERVICE: whether each of its containers says so.
healthy() {
  local id ids states=''
  ids=$(compose ps -q "$1")
  [ -n "$ids" ] || return 1
  for id in $ids; do states="$states $(docker inspect --format '{{.State.Health.Status}}' "$id")"; done
  [ -z "$(printf '%s' "$states" | sed 's/ healthy//g')" ]
}

deadline=$((SECONDS + 180))
for service in postgres redis gateway processor frontend; do
  until healthy "$service"; do
    if [ "$SECONDS" -ge "$deadline" ]; then
      compose logs --tail=20 "$service" >&2
      fail "$service is not healthy after three minutes; above are its last lines"
    fi
    sleep 1
  done
  say "$service is healthy"
done

url=$(setting PUBLIC_URL)
say "" "The platform runs at $url"
token=$(compose logs --no-color gateway | sed -n 's/.*"setup_token":"\([^"]*\)".*/\1/p; s/.*setup_token=\([^ ]*\).*/\1/p' | tail -n 1)
if [ -n "$token" ] && ! compose exec -T postgres sh -c \
  'psql -tA -U "$POSTGRES_USER" -d "$POSTGRES_DB" -c "SELECT 1 FROM users LIMIT 1"' | grep -q 1; then
  say "Nobody is administrator yet. Open the page, choose \"Create an account\", and give this set-up token: $token"
fi
