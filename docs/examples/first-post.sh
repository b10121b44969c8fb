#!/usr/bin/env bash
# From nothing to a published post on the playground, with curl: docs/examples/first-post.sh [BASE_URL]
# Needs a host (`make run`), curl and python3.
set -euo pipefail

base=${1:-${M1A_BASE_URL:-http://127.0.0.1:8080}}
email="ada-$RANDOM$RANDOM@example.com"
password='correct horse battery staple'
name="ada-$RANDOM$RANDOM"

# field NAME: the field of the JSON document on standard input.
field() { python3 -c 'import json, sys; print(eval("document" + sys.argv[1], {"document": json.load(sys.stdin)}))' "$1"; }
# call METHOD PATH [JSON]: one call of the API.
call() {
  curl --silent --show-error --fail-with-body --request "$1" "$base$2" \
    --header "authorization: Bearer ${token:-}" \
    ${3:+--header 'content-type: application/json' --data "$3"}
}

# 1. Register. The mail that would go out is in the local outbox.
call POST /v1/auth/register "{\"email\": \"$email\", \"password\": \"$password\", \"name\": \"Ada\"}"
link=$(curl --silent --get "$base/local/outbox" --data-urlencode "to=$email" | field '["items"][0]["links"][0]')
call POST /v1/auth/verify-email "{\"token\": \"${link##*token=}\", \"password\": \"$password\"}"

# 2. Sign in, as a program.
token=$(call POST /v1/auth/login "{\"email\": \"$email\", \"password\": \"$password\", \"mode\": \"token\"}" | field '["access_token"]')

# 3. Make a tenant and act in it.
tenant=$(call POST /v1/tenants '{"name": "Analytical Engines", "time_zone": "Europe/London"}' | field '["id"]')
token=$(call POST /v1/auth/switch "{\"tenant_id\": \"$tenant\"}" | field '["access_token"]')

# 4. Connect an account at the playground.
account=$(call POST /v1/accounts "{\"network\": \"playground\", \"credentials\": {\"identifier\": \"$name\"}}" | field '["id"]')

# 5. Post.
post=$(call POST /v1/posts "{
  \"when\": {\"now\": true},
  \"base\": {\"text\": \"The engine weaves algebraic patterns.\"},
  \"targets\": [{\"account_id\": \"$account\"}]
}" | field '["id"]')

# 6. Wait until it is out.
for _ in $(seq 60); do
  state=$(call GET "/v1/posts/$post" | field '["state"]')
  [ "$state" = published ] && break
  sleep 0.5
done
[ "$state" = published ] || { echo "The post is $state." >&2; exit 1; }

# 7. What its readers see, and how it came about.
curl --silent --get "$base/local/networks/playground/posts" --data-urlencode "identifier=$name"
echo
call GET "/v1/posts/$post/timeline"
echo
call GET "/v1/posts/$post" | field '["targets"][0]["permalink"]'
