#!/usr/bin/env bash
# Runs a command against a fresh host: tests/with-host.sh HOST COMMAND...
# The host takes a free port and an empty folder; the command finds it at $M1A_BASE_URL.
set -euo pipefail
host=$(realpath "$1")
shift

folder=$(mktemp -d)
touch "$folder/out"
M1A_PORT=0 M1A_DATA_DIR="$folder/state" "$host" > "$folder/out" 2> "$folder/log" &
pid=$!
stop() {
  status=$?
  kill "$pid" 2> /dev/null && wait "$pid" || true
  if [ "$status" -ne 0 ]; then
    echo "The end of the host's log:" >&2
    tail -n 60 "$folder/log" >&2
  fi
  rm -rf "$folder"
  exit "$status"
}
trap stop EXIT

until M1A_BASE_URL=$(sed -n 's/.* is ready at //p' "$folder/out") && [ -n "$M1A_BASE_URL" ]; do
  kill -0 "$pid" 2> /dev/null || { echo 'The host did not start.' >&2; exit 1; }
  sleep 0.1
done
export M1A_BASE_URL
"$@"
