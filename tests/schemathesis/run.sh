#!/usr/bin/env bash
# Calls every route of a running host with generated requests: tests/schemathesis/run.sh SCHEMATHESIS
# A minute and a half; a failure prints the request that repeats it.
set -euo pipefail
schemathesis=$(realpath "$1")
python=$(dirname "$schemathesis")/python
PYTHONPATH=$(realpath "${BASH_SOURCE%/*}")
export PYTHONPATH PYTHONDONTWRITEBYTECODE=1

# It leaves its notes where it runs.
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export M1A_PROOF=$folder/proof.json

checks=(
  not_a_server_error status_code_conformance content_type_conformance response_schema_conformance
  answer_is_documented nothing_of_another_tenant ids_of_another_tenant_name_nothing
)
# What is left out here is called by `ending.py`.
SCHEMATHESIS_HOOKS=hooks "$schemathesis" run "$M1A_BASE_URL/openapi.json" \
  --checks "$(IFS=,; echo "${checks[*]}")" \
  --exclude-operation-id logout --exclude-operation-id end_session --exclude-operation-id delete_tenant --exclude-operation-id delete_me \
  --phases examples,coverage,fuzzing --workers 1 \
  --max-examples 22 --seed 1 --no-shrink --continue-on-failure --request-timeout 30 \
  --suppress-health-check all --warnings off

"$python" "$PYTHONPATH/ending.py"
curl --silent --show-error --fail "$M1A_BASE_URL/openapi.json" > document.json
"$python" "$PYTHONPATH/proof.py" "$M1A_PROOF" document.json
