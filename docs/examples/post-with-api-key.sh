#!/usr/bin/env bash
# Posts with an API key: docs/examples/post-with-api-key.sh [BASE_URL]
# Makes the key as a person would in the dashboard; everything after that is what a program does.
# Needs a host (`make run`), curl and python3.
set -euo pipefail

base=${1:-${M1A_BASE_URL:-http://127.0.0.1:8080}}
email="ada-$RANDOM$RANDOM@example.com"
password='correct horse battery staple'
name="ada-$RANDOM$RANDOM"

# field NAME: the field of the JSON document on standard input.
field() { python3 -c 'import json, sys; print(eval("document" + sys.argv[1], {"document": json.load(sys.stdin)}))' "$1"; }
# call METHOD PATH [JSON]: one call of the API by whoever $bearer is.
call() {
  curl --silent --show-error --fail-with-body --request "$1" "$base$2" \
    --header "authorization: Bearer ${bearer:-}" \
    ${3:+--header 'content-type: application/json' --data "$3"}
}

# A person registers, makes a workspace and connects an account: see first-post.sh.
call POST /v1/auth/register "{\"email\": \"$email\", \"password\": \"$password\", \"name\": \"Ada\"}"
link=$(curl --silent --get "$base/local/outbox" --data-urlencode "to=$email" | field '["items"][0]["links"][0]')
call POST /v1/auth/verify-email "{\"token\": \"${link##*token=}\", \"password\": \"$password\"}"
bearer=$(call POST /v1/auth/login "{\"email\": \"$email\", \"password\": \"$password\", \"mode\": \"token\"}" | field '["access_token"]')
tenant=$(call POST /v1/tenants '{"name": "Analytical Engines", "time_zone": "Europe/London"}' | field '["id"]')
person=$(call POST /v1/auth/switch "{\"tenant_id\": \"$tenant\"}" | field '["access_token"]')
bearer=$person
account=$(call POST /v1/accounts "{\"network\": \"playground\", \"credentials\": {\"identifier\": \"$name\"}}" | field '["id"]')

# 1. Make a key that may read and schedule posts, for a month. The answer is the only place that shows it.
made=$(call POST /v1/api-keys '{"name": "Newsroom", "scopes": ["read_posts", "write_drafts", "schedule_posts"], "expires_in_days": 30}')
key=$(field '["secret"]' <<<"$made")
id=$(field '["id"]' <<<"$made")

# 2. Post with it.
bearer=$key
post=$(call POST /v1/posts "{
  \"when\": {\"now\": true},
  \"base\": {\"text\": \"A program wrote this.\"},
  \"targets\": [{\"account_id\": \"$account\"}]
}" | field '["id"]')

# 3. Wait until it is out.
for _ in $(seq 60); do
  state=$(call GET "/v1/posts/$post" | field '["state"]')
  [ "$state" = published ] && break
  sleep 0.5
done
[ "$state" = published ] || { echo "The post is $state." >&2; exit 1; }
curl --silent --get "$base/local/networks/playground/posts" --data-urlencode "identifier=$name"
echo

# status METHOD PATH: the status of a call.
status() { curl --silent --output /dev/null --write-out '%{http_code}' --request "$1" "$base$2" --header "authorization: Bearer $bearer"; }

# 4. It may not do more than it was made for: accounts are none of its scopes, and keys are for people.
echo "accounts: $(status GET /v1/accounts), keys: $(status GET /v1/api-keys)"

# 5. Rotate it: the old one works on for an hour, then the new one alone.
bearer=$person
new=$(call POST "/v1/api-keys/$id/rotate" '{"overlap_hours": 1}')
for bearer in "$key" "$(field '["secret"]' <<<"$new")"; do
  echo "reads the post: $(status GET "/v1/posts/$post")"
done

# 6. Revoke it: the next call is refused.
bearer=$person
call DELETE "/v1/api-keys/$(field '["id"]' <<<"$new")"
bearer=$(field '["secret"]' <<<"$new")
echo "after its end: $(status GET "/v1/posts/$post")"
