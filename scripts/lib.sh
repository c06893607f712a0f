# shellcheck shell=bash
# Shared functions: one-line error messages, finding and installing tools, and running commands in
# their own process groups, so that Ctrl-C reaches them only through the script.
# To be sourced. Changes to the repository's root. Works with bash 3.2.

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit

info() { printf '%s\n' "$@"; }

# fail MESSAGE: prints one line to stderr and exits with 1.
fail() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

has() { command -v "$1" >/dev/null 2>&1; }

# State of `run`: the process group it waits for, the number of a signal received meanwhile, and the
# exit status to use after a signal (empty: 128 + its number).
running=
received=
signal_status=

on_signal() { # NAME NUMBER
  received=$2
  if [ -n "$running" ]; then
    kill -s "$1" -- "-$running" 2>/dev/null || true # `run` exits once the group has ended
  else
    exit "${signal_status:-$((128 + received))}"
  fi
}
trap 'on_signal HUP 1' HUP
trap 'on_signal INT 2' INT
trap 'on_signal TERM 15' TERM

# run COMMAND…: runs a command in its own process group without reading from the terminal. Signals
# are passed on to the whole group and end the script once the command has ended.
run() {
  local status
  set -m
  if [ ! -t 0 ] && { : <&0; } 2>/dev/null; then
    "$@" <&0 &
  else
    "$@" </dev/null &
  fi
  running=$!
  set +m
  while :; do
    status=0
    wait "$running" || status=$?
    kill -0 "$running" 2>/dev/null || break
  done
  if [ -n "$received" ]; then
    kill -TERM -- "-$running" 2>/dev/null || true # processes the command left running
    exit "${signal_status:-$((128 + received))}"
  fi
  running=
  return "$status"
}

# stop PID SECONDS: sends SIGTERM, then SIGKILL after the timeout. Returns when the process is gone.
stop() {
  local tenths=$(($2 * 10))
  kill -TERM "$1" 2>/dev/null || return 0
  while kill -0 "$1" 2>/dev/null; do
    [ "$tenths" -ne 0 ] || kill -KILL "$1" 2>/dev/null || true
    tenths=$((tenths - 1))
    sleep 0.1
  done
}

# identity PID: prints the number of a process with its start, which no later process with this number has, or nothing if
# there is no such process.
identity() {
  local started=''
  if [ -r /proc/self/stat ]; then
    # The 22nd field; the second one may contain spaces. It counts from the start of the machine, which has an id.
    started=$(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20) || true
    started=${started:+$started-$(cat /proc/sys/kernel/random/boot_id)}
  else
    started=$(LC_ALL=C TZ=UTC ps -p "$1" -o lstart= | tr -cs '[:alnum:]\n' '-') || true
  fi
  [ -z "$started" ] || printf '%s\n' "$1-$started"
}

# is_running IDENTITY: whether this very process runs.
is_running() { [[ $1 =~ ^[0-9]+- ]] && [ "$(identity "${1%%-*}")" = "$1" ]; }

# identity_in FILE: prints the identity that a file contains.
identity_in() { tr -cd '[:alnum:]-' 2>/dev/null <"$1" || true; }

# take_lock FILE WHAT: makes this script the owner of FILE, or fails because WHAT runs already. If the owner has ended without
# removing the file, exactly one script takes over: the one that makes FILE.after-OWNER. If that one ends too before it has
# replaced FILE, its own successor is found in the same way.
take_lock() {
  local file=$1 what=$2 mine=$1.$$ first owner next tries
  identity $$ >"$mine"
  for ((tries = 0; tries < 100; tries++)); do
    # A link, unlike a file that is written, has its content from the first moment.
    if ln "$mine" "$file" 2>/dev/null; then
      rm -f "$mine"
      return
    fi
    first=$(identity_in "$file") owner=$first
    [ -e "$file" ] || continue
    while next=$(identity_in "$file.after-$owner") && [ -n "$next" ]; do owner=$next; done
    if is_running "$owner"; then
      [ "$(identity_in "$file")" = "$first" ] || continue # replaced meanwhile: the successors of FIRST do not count
      rm -f "$mine"
      fail "$what is already running (process ${owner%%-*})"
    fi
    ln "$mine" "$file.after-$owner" 2>/dev/null || continue
    if [ -e "$file" ] && [ "$(identity_in "$file")" = "$first" ]; then
      mv -f "$mine" "$file"
      rm -f "$file".after-*
      return
    fi
    rm -f "$file.after-$owner" # another script has taken over meanwhile
  done
  rm -f "$mine"
  fail "could not create $file"
}

# stop_left FILE: stops the processes that a script left running. Each line of FILE begins with an identity; a process that
# only has the number of an earlier one is left alone.
stop_left() {
  local process left=''
  [ -e "$1" ] || return 0
  while read -r process _; do
    ! is_running "$process" || left="${process%%-*} $left"
  done <"$1"
  for process in $left; do stop "$process" 10; done
}

# version_at_least HAVE WANT: compares the first two numbers of dotted versions.
version_at_least() {
  local have want
  IFS=. read -r -a have <<<"$1"
  IFS=. read -r -a want <<<"$2"
  [ "${have[0]}" -gt "${want[0]}" ] ||
    { [ "${have[0]}" -eq "${want[0]}" ] && [ "${have[1]:-0}" -ge "${want[1]}" ]; }
}

require_rust() {
  local install="curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh" version
  has cargo || fail "cargo is missing; install Rust with: $install"
  # With rustup, this also installs the toolchain named in rust-toolchain.toml.
  version=$(cargo --version) || fail "cargo does not run; try: rustup toolchain install"
  version=${version#cargo }
  version_at_least "${version%% *}" 1.95 || fail "Rust 1.95 or newer is needed, this is ${version%% *}; install it with: $install"
  has cc || install_missing cc:build-essential:
}

require_node() {
  local install='curl -fsSL https://deb.nodesource.com/setup_22.x | sudo -E bash - && sudo apt-get install -y nodejs' version
  ! has brew || install='brew install node'
  has node || fail "Node.js is missing; install it with: $install"
  has npm || fail "npm is missing; install it with: $install"
  version=$(node --version)
  version=${version#v}
  version_at_least "$version" 20.19 || fail "Node.js 20.19 or newer is needed, this is $version; install it with: $install"
}

# install_missing COMMAND:DEBIAN-PACKAGE:BREW-FORMULA…: installs the packages of missing commands.
install_missing() {
  local spec command debian brew wanted=() formulas=() root=()
  for spec in "$@"; do
    IFS=: read -r command debian brew <<<"$spec"
    ! has "$command" || continue
    wanted+=("$debian")
    [ -z "$brew" ] || formulas+=("$brew")
  done
  [ ${#wanted[@]} -gt 0 ] || return 0
  if has apt-get; then
    if [ "$(id -u)" -ne 0 ]; then
      if has sudo && sudo -n true 2>/dev/null; then
        root=(sudo -n)
      elif has sudo && [ -t 0 ]; then
        root=(sudo)
      else
        fail "missing: ${wanted[*]}; install with: sudo apt-get install ${wanted[*]}"
      fi
    fi
    info "Installing ${wanted[*]} (apt-get)"
    apt_install "${wanted[@]}"
  elif has brew && [ ${#formulas[@]} -eq ${#wanted[@]} ]; then
    info "Installing ${formulas[*]} (brew)"
    brew install --quiet "${formulas[@]}" || fail "brew could not install ${formulas[*]}"
  else
    fail "please install: ${wanted[*]}"
  fi
}

# apt_install PACKAGE…: installs quietly, and stops servers that were started by their package.
# Reads the caller's array `root` (the command prefix that gives root rights).
apt_install() {
  local log package as_root
  log=$(mktemp)
  as_root=(${root[@]+"${root[@]}"} env DEBIAN_FRONTEND=noninteractive)
  if ! { "${as_root[@]}" apt-get update -q &&
    "${as_root[@]}" apt-get install -qy --no-install-recommends -o DPkg::Lock::Timeout=300 "$@"; } \
    </dev/null >"$log" 2>&1; then
    tail -n 15 "$log" >&2
    rm -f "$log"
    fail "apt-get could not install $*"
  fi
  rm -f "$log"
  [ -d /run/systemd/system ] || return 0
  for package in "$@"; do
    case $package in
    redis-server | postgresql | pgbouncer) ${root[@]+"${root[@]}"} systemctl disable --now --quiet "$package" || true ;;
    nginx-light) ${root[@]+"${root[@]}"} systemctl disable --now --quiet nginx || true ;;
    esac
  done
}

# python_environment FOLDER PROGRAM PACKAGE==VERSION...: installs Python packages into a virtual environment. Its programs
# contain the folder's full path, so it is made again after the checkout has moved.
python_environment() {
  local folder=$1 program=$2 stamp=$1/installed python=python3
  shift 2
  if [ -x "$folder/bin/$program" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$* in $PWD" ]; then return; fi
  has "$python" || install_missing python3:python3:python3
  "$python" -c 'import ensurepip, venv' 2>/dev/null || install_missing venv:python3-venv:
  info "Installing $* (pip)" >&2
  rm -rf "$folder"
  "$python" -m venv "$folder"
  "$folder/bin/pip" install --quiet --disable-pip-version-check "$@" ||
    fail "$* could not be installed; the reason is above"
  printf '%s\n' "$* in $PWD" >"$stamp"
}

# find_postgres: sets POSTGRES_BIN to the folder of the newest installed version, which Debian and
# brew do not put on the PATH.
find_postgres() {
  local folder
  POSTGRES_BIN=
  for folder in /usr/lib/postgresql/??/bin /{opt/homebrew,usr/local}/opt/postgresql@??/bin; do
    [ ! -x "$folder/initdb" ] || POSTGRES_BIN=$folder
  done
  [ -n "$POSTGRES_BIN" ] || ! has initdb || POSTGRES_BIN=$(dirname "$(command -v initdb)")
  [ -n "$POSTGRES_BIN" ]
}

# find_libfaketime: exports TEST_LIBFAKETIME, the library that sets the clocks of processes. Debian keeps it in a folder
# named after the architecture.
find_libfaketime() {
  local file
  for file in /usr/lib/*/faketime/libfaketime.so.1 /usr/lib/faketime/libfaketime.so.1 /usr/lib64/faketime/libfaketime.so.1; do
    [ ! -e "$file" ] || export TEST_LIBFAKETIME=$file
  done
  [ -n "${TEST_LIBFAKETIME:-}" ]
}

# find_compose: defines `compose` as Docker Compose 2 or docker-compose.
find_compose() {
  if docker compose version >/dev/null 2>&1; then
    compose() { docker compose "$@"; }
  elif has docker-compose; then
    compose() { docker-compose "$@"; }
  else
    fail "Docker Compose is missing; see https://docs.docker.com/compose/install/"
  fi
}

# random_hex BYTES: prints random bytes in hexadecimal.
random_hex() { od -An -v -N"$1" -tx1 /dev/urandom | tr -d ' \n'; }

# env_get NAME: prints its value in .env, or nothing if it is not set there.
env_get() { sed -n "s/^$1=//p" .env | tail -n 1; }

# env_set NAME VALUE: sets it in .env, replacing the line that sets it or documents its default.
env_set() {
  local rest
  rest=$(NAME=$1 VALUE=$2 awk '
    BEGIN { name = ENVIRON["NAME"] "="; value = ENVIRON["VALUE"] }
    !done && (index($0, name) == 1 || index($0, "#" name) == 1) { print name value; done = 1; next }
    { print }
    END { if (!done) print name value }' .env)
  printf '%s\n' "$rest" >.env
}

# ensure_env_file NAME…: creates .env from .env.example (mode 600) and generates the named secrets that are missing.
ensure_env_file() {
  local name
  if [ ! -e .env ]; then
    (umask 077 && cp .env.example .env)
    info "Created .env from .env.example"
  fi
  chmod 600 .env
  for name in "$@"; do
    [ -n "$(env_get "$name")" ] || env_set "$name" "$(random_hex 32)"
  done
}

# free_ports COUNT: prints free ports on one line. They are below the ephemeral range, so that no
# outgoing connection takes one before it is used.
free_ports() {
  node -e '
    const net = require("node:net");
    const free = new Set();
    const next = () => {
      if (free.size === Number(process.argv[1])) return console.log([...free].join(" "));
      const port = 15000 + Math.floor(Math.random() * 15000);
      const server = net.createServer().once("error", next);
      server.listen(port, "127.0.0.1", () => server.close(() => next(free.add(port))));
    };
    next();' "$1"
}

# port_is_free PORT: checks both addresses of `localhost`. Prints the reason if it is not free.
# shellcheck disable=SC2016
port_is_free() {
  node -e '
    const net = require("node:net");
    const hosts = ["127.0.0.1", "::1"];
    const next = () => {
      const host = hosts.shift();
      if (!host) return;
      const server = net.createServer().once("error", ({ code }) => {
        if (["EADDRNOTAVAIL", "EAFNOSUPPORT"].includes(code)) return next();
        console.log(code === "EADDRINUSE" ? "is in use" : `cannot be used (${code})`);
        process.exit(1);
      });
      server.listen(Number(process.argv[1]), host, () => server.close(next));
    };
    next();' "$1"
}

# responds URL: whether a GET succeeds within two seconds.
responds() {
  node -e '
    fetch(process.argv[1], { signal: AbortSignal.timeout(2000) })
      .then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1));' "$1"
}

# binaries_folder PROFILE: prints the folder of cargo's binaries.
binaries_folder() {
  cargo metadata --format-version 1 --no-deps |
    node -e 'console.log(JSON.parse(require("node:fs").readFileSync(0)).target_directory)' |
    sed "s,\$,/$1,"
}

# npm_install FOLDER: runs `npm ci` if the lock file has changed since the last run.
npm_install() {
  local stamp=$1/node_modules/.installed
  cmp -s "$1/package-lock.json" "$stamp" && return
  (cd "$1" && npm ci --no-audit --no-fund --no-progress --loglevel=error) || return
  cp "$1/package-lock.json" "$stamp"
}

# build_frontend: installs and builds if any source is newer than the last build, or VITE_API_URL differs from it.
build_frontend() {
  local built=frontend/dist/index.html built_for=frontend/node_modules/.built-for
  npm_install frontend || return
  if [ -e "$built" ] && [ "$(cat "$built_for" 2>/dev/null)" = "${VITE_API_URL:-}" ] && [ -z "$(find frontend -path frontend/node_modules -prune -o -path frontend/dist -prune \
    -o -newer "$built" -print | head -n 1)" ]; then return; fi
  (cd frontend && npm run --silent build) || return
  printf '%s' "${VITE_API_URL:-}" >"$built_for"
}
