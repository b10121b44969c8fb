"""What Schemathesis cannot know: two tenants, of which one calls, and what is never in an answer.

Ada calls. Half of the ids that she sends are her own, a quarter are Bob's; nothing of Bob's may ever come back.
What the run was is noted at its end, for `proof.py`: a run that nobody let in finds nothing.
"""

import atexit
import collections
import datetime
import json
import os
import time

import requests
import schemathesis
from hypothesis import strategies as st

BASE = os.environ["M1A_BASE_URL"]
PASSWORD = "correct horse battery staple"
# What only Bob's things are called.
CANARY = "canary of bob"
# Seconds after which a token is renewed: it is good for five minutes.
RENEWED_AFTER = 120


def tomorrow():
    """A time at which nothing is out before the run ends."""
    now = datetime.datetime.now(datetime.timezone.utc)
    return (now + datetime.timedelta(days=1)).isoformat(timespec="seconds")


class Person:
    """The owner of a tenant with an account, a medium, two posts, a role, an account group, an invitation, an API key, an export and an import, signed in by a program."""

    def __init__(self, name, text):
        self.name = name
        self.session = requests.Session()
        email = f"{name}@example.com"
        self.post("auth/register", 202, email=email, password=PASSWORD, name=text)
        mails = requests.get(f"{BASE}/local/outbox", params={"to": email}, timeout=30).json()
        token = mails["items"][0]["links"][0].split("token=")[1]
        self.post("auth/verify-email", 204, token=token, password=PASSWORD)
        self.take(self.post("auth/login", 200, email=email, password=PASSWORD, mode="token"))
        tenant = self.post("tenants", 201, name=text, time_zone="Europe/London")
        self.take(self.post("auth/switch", 200, tenant_id=tenant["id"]))
        account = self.post(
            "accounts", 201, network="playground", credentials={"identifier": name}
        )
        medium = self.post(
            "media", 201, file_name=f"{text}.png", content_type="image/png", bytes=70, alt_text=text
        )
        posts = [
            self.post(
                "posts",
                201,
                when=when,
                base={"text": text},
                targets=[{"account_id": account["id"]}],
                tags=[text],
            )
            for when in ({"draft": True}, {"at": tomorrow()})
        ]
        role = self.post("roles", 201, name=text, permissions=["read_posts"])
        group = self.post("account-groups", 201, name=text, account_ids=[account["id"]])
        guest = self.post("invitations", 201, email=f"{name}@guests.example.com", role="viewer")
        key = self.post("api-keys", 201, name=text, scopes=["read_posts"])
        export = self.post("exports", 202)
        volume = {"bytes": 70, "sha256": 64 * "0"}
        imported = self.post("imports", 201, volumes=[volume])
        me = self.session.get(f"{BASE}/v1/me", timeout=30).json()
        self.ids = {
            "account-groups": [group["id"]],
            "accounts": [account["id"]],
            "api-keys": [key["id"]],
            "exports": [export["id"]],
            "imports": [imported["id"]],
            "invitations": [guest["id"]],
            "media": [medium["id"]],
            "members": [me["user"]["id"]],
            "posts": [post["id"] for post in posts],
            "roles": [role["id"]],
            "targets": [post["targets"][0]["id"] for post in posts],
            "tenants": [tenant["id"]],
        }

    def post(self, path, status, **body):
        answer = self.session.post(f"{BASE}/v1/{path}", json=body, timeout=30)
        assert answer.status_code == status, f"{path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def take(self, answer):
        self.token = answer["access_token"]
        self.refresh_token = answer["refresh_token"]
        self.renewed_at = time.monotonic()
        self.session.headers["authorization"] = f"Bearer {self.token}"

    def renew(self):
        """Goes on being signed in, as a program does."""
        if time.monotonic() - self.renewed_at > RENEWED_AFTER:
            self.take(self.post("auth/refresh", 200, refresh_token=self.refresh_token))

    def asks_who_they_are(self):
        """How `GET /v1/me` is answered, and for whom."""
        answer = self.session.get(f"{BASE}/v1/me", timeout=30)
        user = answer.json().get("user", {})
        return {"status": answer.status_code, "email": user.get("email")}


ada = Person("ada", "loom of ada")
bob = Person("bob", CANARY)
# Never shown to Ada unless she sends them herself.
FOREIGN = [CANARY, *(one for ids in bob.ids.values() for one in ids)]


# Answers by the routes' group and status.
answers = collections.defaultdict(collections.Counter)


@schemathesis.hook
def after_call(ctx, case, response):
    parts = case.operation.path.split("/")
    if parts[1] == "v1":
        answers[parts[2]][response.status_code] += 1


@atexit.register
def note():
    people = {}
    for person in (ada, bob):
        person.renew()
        people[person.name] = person.asks_who_they_are()
    with open(os.environ["M1A_PROOF"], "w") as file:
        json.dump({"people": people, "answers": answers}, file)


@schemathesis.auth(refresh_interval=RENEWED_AFTER // 2)
class Bearer:
    def get(self, case, ctx):
        ada.renew()
        return ada.token

    def set(self, case, data, ctx):
        case.headers = case.headers or {}
        case.headers["authorization"] = f"Bearer {data}"


@schemathesis.hook
def flatmap_path_parameters(ctx, path_parameters):
    """Puts real ids in the place of most random ones."""
    # `/v1/posts/{id}/targets/{target}`: what stands before a parameter says what it is.
    parts = ctx.operation.path.split("/")
    # What she has from the beginning stays there for all routes.
    deletes = ctx.operation.method == "delete"
    strategies = {name: st.just(value) for name, value in (path_parameters or {}).items()}
    for before, part in zip(parts, parts[1:]):
        name = part.strip("{}")
        if part.startswith("{") and name in strategies and before in ada.ids:
            own = [] if deletes else [*ada.ids[before]] * 2
            ids = st.sampled_from(own + bob.ids[before])
            strategies[name] = st.one_of(ids, ids, strategies[name])
    return st.fixed_dictionaries(strategies)


@schemathesis.check
def nothing_of_another_tenant(ctx, response, case):
    sent = f"{response.request.url} {response.request.body}"
    for foreign in FOREIGN:
        assert foreign.encode() not in response.content or foreign in sent, f"{foreign} is in the answer"
