"""What names of members and parameters mean, and what is right for them."""

import hashlib

import people

# Of what kind the thing is that a member of this name names; in paths, what stands before a parameter says it.
KINDS = {
    "account": "accounts",
    "account_groups": "account-groups",
    "account_id": "accounts",
    "account_ids": "accounts",
    "actor": "members",
    "media": "media",
    "replacement": "roles",
    "role": "roles",
    "subject": "posts",
    "targets": "targets",
    "tenant_id": "tenants",
}
# What people have from the beginning, as paths call it.
OWNED = {
    "account-groups",
    "accounts",
    "api-keys",
    "exports",
    "imports",
    "invitations",
    "media",
    "members",
    "posts",
    "roles",
    "targets",
    "tenants",
}
ZONES = ["Europe/London", "Asia/Kathmandu", "America/Los_Angeles", "UTC"]
WORDS = ["loom", "Analytical Engine", "ленты 🧵", "a\u0301 b", "<b>cards</b>"]


def text(rng):
    return people.unique(f"{rng.choice(WORDS)} ")


def email(_):
    return f"{people.unique('somebody')}@example.com"


def when(rng):
    wall = {"at": people.tomorrow()[:19], "zone": rng.choice(ZONES), "fold": "later"}
    return rng.choice([{"draft": True}, {"at": people.tomorrow()}, wall])


def permissions(rng):
    return rng.sample(["read_posts", "write_drafts", "read_media"], 2)


# What is right for members and parameters of this name, wherever they stand.
VALUES = {
    "addresses": lambda rng: rng.sample(["127.0.0.1", "::1", "192.0.2.0/24"], 2),
    "after": lambda rng: rng.choice([0, 1]),
    "allowed_addresses": lambda rng: [
        {"range": "127.0.0.0/8", "note": "Here"},
        {"range": "::1"},
    ],
    "alt_text": text,
    "bytes": lambda rng: len(people.pixel()),
    "content_type": lambda rng: rng.choice(["image/png", "image/jpeg"]),
    "credentials": lambda rng: {"identifier": people.unique("weaver")},
    "days": lambda rng: rng.choice([1, 3, 7, None]),
    "dry_run": lambda rng: rng.choice(["true", "false"]),
    "email": email,
    "expires_in_days": lambda rng: rng.choice([1, 90, 365, None]),
    "file_name": lambda rng: f"{people.unique('loom')}.png",
    "from": lambda rng: "2026-01-01T00:00:00Z",
    "idle_minutes": lambda rng: rng.choice([15, 60, None]),
    "image": lambda rng: people.PIXEL,
    "kind": lambda rng: rng.choice(["post", "post.scheduled", "account"]),
    "limit": lambda rng: rng.choice([1, 50, 200]),
    "locale": lambda rng: rng.choice(["en", "de-AT"]),
    "max_lateness_hours": lambda rng: rng.choice([1, 168]),
    "mode": lambda rng: rng.choice(["cookie", "token"]),
    "name": text,
    "network": lambda rng: "playground",
    "options": lambda rng: {},
    "overlap_hours": lambda rng: rng.choice([0, 168, None]),
    "password": lambda rng: people.PASSWORD,
    "permissions": permissions,
    "requires_second_factor": lambda rng: False,
    "role": lambda rng: rng.choice(["editor", "author", "viewer"]),
    "scopes": permissions,
    "session_hours": lambda rng: rng.choice([1, 720, None]),
    "sha256": lambda rng: hashlib.sha256(text(rng).encode()).hexdigest(),
    "state": lambda rng: rng.choice(["draft", "scheduled", "published"]),
    "tag": text,
    "tags": lambda rng: [text(rng)],
    "text": text,
    "time_zone": lambda rng: rng.choice(ZONES),
    "to": lambda rng: "2026-01-29T00:00:00Z",
    "v": lambda rng: "1",
    "week_start": lambda rng: rng.choice(["monday", "saturday", "sunday"]),
    "when": when,
    "zone": lambda rng: rng.choice(ZONES),
}
# What is never there: a cursor is of an answer.
ABSENT = {"cursor"}
# What is always there, as one of two that could be.
PRESENT = {"text"}
