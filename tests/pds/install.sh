#!/bin/sh
# Installs the real Bluesky server of the tests into .cache/pds-<hash of the lock file> at the repository root. Does
# nothing when it is there. Its better-sqlite3 is compiled once, about two minutes of CPU: keep .cache between runs.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
hash=$(sha256sum "$here/package-lock.json" | cut -c 1-16)
target="$here/../../.cache/pds-$hash"

if [ -e "$target/installed" ]; then
  exit 0
fi

missing=''
for tool in node npm make python3; do
  command -v "$tool" >/dev/null 2>&1 || missing="$missing $tool"
done
command -v c++ >/dev/null 2>&1 || command -v g++ >/dev/null 2>&1 || missing="$missing g++"
if [ -n "$missing" ]; then
  echo "The tests' Bluesky server needs$missing. On Debian: apt-get install nodejs npm make python3 g++" >&2
  exit 1
fi
major=$(node --version | sed 's/^v\([0-9]*\).*/\1/')
if [ "$major" -lt 20 ]; then
  echo "The tests' Bluesky server needs Node 20 or newer; this is $(node --version)." >&2
  exit 1
fi

# Compile against the headers that came with this Node, where they did: no download is needed then.
prefix=$(node -p 'require("node:path").dirname(require("node:path").dirname(process.execPath))')
if [ -e "$prefix/include/node/node.h" ]; then
  export npm_config_nodedir="$prefix"
fi

echo "Installing the tests' Bluesky server (minutes the first time) ..." >&2
mkdir -p "$target"
cp "$here/package.json" "$here/package-lock.json" "$target/"
(cd "$target" && npm ci --no-audit --no-fund --loglevel=error >&2)
# The mark comes last and only if the compiled module loads: an interrupted installation is repeated.
(cd "$target" && node -e "new (require('better-sqlite3'))(':memory:')")
touch "$target/installed"
