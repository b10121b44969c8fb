#!/usr/bin/env bash
# Calls every route of a running host with generated requests: tests/schemathesis/run.sh SCHEMATHESIS
# About a minute; a failure prints the request that repeats it.
set -euo pipefail
schemathesis=$(realpath "$1")
PYTHONPATH=$(realpath "${BASH_SOURCE%/*}")
export PYTHONPATH PYTHONDONTWRITEBYTECODE=1 SCHEMATHESIS_HOOKS=hooks

# It leaves its notes where it runs.
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export M1A_PROOF=$folder/proof.json

# Without the sign-in or the tenant every other call would be refused at the door. Schemathesis sends ids that answers
# had, and so ended its own sign-in by the list of sign-ins.
"$schemathesis" run "$M1A_BASE_URL/openapi.json" \
  --checks not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,nothing_of_another_tenant \
  --exclude-operation-id logout --exclude-operation-id end_session --exclude-operation-id delete_tenant --exclude-operation-id delete_me \
  --phases examples,coverage,fuzzing \
  --max-examples 25 --seed 1 --no-shrink --continue-on-failure --request-timeout 30 \
  --suppress-health-check all --warnings off

"$(dirname "$schemathesis")/python" "$PYTHONPATH/proof.py" "$M1A_PROOF"
