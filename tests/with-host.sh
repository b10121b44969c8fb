#!/usr/bin/env bash
# Runs a command against a fresh host: tests/with-host.sh HOST COMMAND...
# The host takes a free port and an empty folder; the command finds it at $M1A_BASE_URL.
# Where the command fails, the host's whole log is kept, and what the command said last is said once more: it names
# what failed, and the end of the output is all that some machines keep.
# The command notes secrets in $M1A_SECRETS: none of them may be in what the host has left, its log among it. Kinds that must
# be noted are in $M1A_SECRET_KINDS.
set -euo pipefail
host=$(realpath "$1")
shift

look=$(realpath "$(dirname "$0")")/look-for-secrets.py
kept=${CARGO_TARGET_DIR:-$(realpath "$(dirname "$0")/..")/target}/with-host.log
folder=$(mktemp -d)
touch "$folder/out" "$folder/said" "$folder/secrets"
M1A_PORT=0 M1A_DATA_DIR="$folder/state" "$host" > "$folder/out" 2> "$folder/log" &
pid=$!
tell() {
  mkdir -p "$(dirname "$kept")" && cp "$folder/log" "$kept"
  echo "The host's log is in $kept. Its last warnings, or else lines:"
  { grep -E 'WARN|ERROR' "$folder/log" || cat "$folder/log"; } | tail -n 5 | cut -c 1-300
  echo 'The end of what failed:'
  tail -n 25 "$folder/said"
}
stop() {
  status=$?
  kill "$pid" 2> /dev/null && wait "$pid" || true
  if [ "$status" -ne 0 ]; then tell >&2; fi
  rm -rf "$folder"
  exit "$status"
}
trap stop EXIT

until M1A_BASE_URL=$(sed -n 's/.* is ready at //p' "$folder/out") && [ -n "$M1A_BASE_URL" ]; do
  kill -0 "$pid" 2> /dev/null || { echo 'The host did not start.' | tee "$folder/said" >&2; exit 1; }
  sleep 0.1
done
export M1A_BASE_URL M1A_SECRETS="$folder/secrets"
"$@" 2>&1 | tee "$folder/said"

if [ -s "$M1A_SECRETS" ] || [ -n "${M1A_SECRET_KINDS:-}" ]; then
  kill "$pid" && wait "$pid" || true
  # shellcheck disable=SC2086
  python3 "$look" "$M1A_SECRETS" "$folder" ${M1A_SECRET_KINDS:-} | tee -a "$folder/said"
fi
