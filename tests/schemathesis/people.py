"""Who calls: people with a tenant and things in it, and what they make on demand.

Only what a call of the API makes is here; which call gets what is in `seats.py`.
"""

import base64
import datetime
import itertools
import os
import time

import requests

BASE = os.environ["M1A_BASE_URL"]
BEHAVIOUR = f"{BASE}/local/networks/playground/behaviour"
PASSWORD = "correct horse battery staple"
# Seconds after which a token is renewed: it is good for five minutes.
RENEWED_AFTER = 120
# A picture of one pixel.
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR42mMwTpsJAAICATNoejH4AAAAAElFTkSuQmCC"
)

numbers = itertools.count(1)


def unique(word):
    """A name that nothing else has."""
    return f"{word}{next(numbers)}"


def tomorrow():
    """A time at which nothing is out before the run ends."""
    now = datetime.datetime.now(datetime.timezone.utc)
    return (now + datetime.timedelta(days=1)).isoformat(timespec="seconds")


class Person:
    """Somebody who has registered, and has not proven the address yet."""

    def __init__(self, name, text):
        self.name = name
        self.email = f"{name}@example.com"
        self.session = requests.Session()
        self.post("auth/register", 202, email=self.email, password=PASSWORD, name=text)

    def call(self, method, path, status, **more):
        answer = self.session.request(method, f"{BASE}/v1/{path}", timeout=30, **more)
        assert answer.status_code == status, f"{path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def get(self, path):
        return self.call("GET", path, 200)

    def post(self, path, status, **body):
        return self.call("POST", path, status, json=body)


class SignIn(Person):
    """Somebody who is signed in by a program."""

    def __init__(self, name, text):
        super().__init__(name, text)
        self.post("auth/verify-email", 204, token=mailed_token(self.email), password=PASSWORD)
        self.sign_in()
        self.user = self.get("me")["user"]["id"]

    def sign_in(self):
        self.session.headers.pop("authorization", None)
        login = {"email": self.email, "password": PASSWORD, "mode": "token"}
        self.take(self.post("auth/login", 200, **login))

    def be_there(self):
        """Is signed in, whatever ended the sign-in before."""
        if self.asks_who_they_are()["status"] != 200:
            self.sign_in()

    def act_in(self, tenant):
        self.take(self.post("auth/switch", 200, tenant_id=tenant))

    def identify(self, case):
        """Lets a case be this person's."""
        case.headers["authorization"] = f"Bearer {self.token}"

    def hear(self, response):
        """Keeps what a call of a case changed in how this person is known."""

    def take(self, answer):
        self.token = answer["access_token"]
        self.refresh_token = answer["refresh_token"]
        self.renewed_at = time.monotonic()
        self.session.headers["authorization"] = f"Bearer {self.token}"

    def asks_who_they_are(self):
        """How `GET /v1/me` is answered, and for whom."""
        answer = self.session.get(f"{BASE}/v1/me", timeout=30)
        user = answer.json().get("user", {})
        return {"status": answer.status_code, "email": user.get("email")}


class Owner(SignIn):
    """The owner of a tenant with something of each kind that a path or a body can name."""

    def __init__(self, name, text):
        super().__init__(name, text)
        self.text = text
        self.tenant = self.post("tenants", 201, name=text, time_zone="Europe/London")["id"]
        self.act_in(self.tenant)
        self.ids = {"tenants": [self.tenant], "members": [self.user]}
        self.ids["accounts"] = [self.account(name)]
        self.ids["media"] = [self.medium(text)]
        posts = [self.new_post(when) for when in ({"draft": True}, {"at": tomorrow()})]
        self.ids["posts"] = [post["id"] for post in posts]
        self.ids["targets"] = [post["targets"][0]["id"] for post in posts]
        # What is limited to it sees what is in it.
        self.ids["account-groups"] = [self.account_group(text)]
        self.ids["roles"] = [self.role(text)]
        self.ids["api-keys"] = [self.api_key(text)]
        self.ids["invitations"] = [self.invitation(f"{name}@guests.example.com")]
        self.ids["exports"] = [self.post("exports", 202)["id"]]
        volume = {"bytes": 70, "sha256": 64 * "0"}
        self.ids["imports"] = [self.post("imports", 201, volumes=[volume])["id"]]
        self.picture()

    def renew(self):
        """Goes on being signed in, in the same tenant."""
        if time.monotonic() - self.renewed_at > RENEWED_AFTER:
            self.act_in(self.tenant)

    def account(self, identifier, mode=None):
        """One of the playground, which treats its posts so from now on."""
        if mode is not None:
            behaviour = {"identifier": identifier, "mode": mode}
            requests.put(BEHAVIOUR, json=behaviour, timeout=30).raise_for_status()
        credentials = {"identifier": identifier}
        return self.post("accounts", 201, network="playground", credentials=credentials)["id"]

    def account_group(self, name):
        return self.post("account-groups", 201, name=name, account_ids=self.ids["accounts"])["id"]

    def api_key(self, name):
        return self.post("api-keys", 201, name=name, scopes=["read_posts"])["id"]

    def invitation(self, email):
        return self.post("invitations", 201, email=email, role="viewer")["id"]

    def role(self, name):
        return self.post("roles", 201, name=name, permissions=["read_posts"])["id"]

    def uploaded(self, text):
        """A medium of which the bytes are there."""
        image = pixel()
        medium = self.post(
            "media",
            201,
            file_name=f"{text}.png",
            content_type="image/png",
            bytes=len(image),
            alt_text=text,
        )
        upload = medium["upload"]
        sent = requests.put(upload["url"], data=image, headers=upload["headers"], timeout=30)
        assert sent.ok, f"upload: {sent.status_code} {sent.text}"
        return medium["id"]

    def medium(self, text):
        """A medium that posts can have."""
        medium = self.uploaded(text)
        self.post(f"media/{medium}/complete", 200)
        return medium

    def new_post(self, when, accounts=None):
        accounts = accounts or self.ids["accounts"]
        return self.post(
            "posts",
            201,
            when=when,
            base={"text": self.text},
            targets=[{"account_id": account} for account in accounts],
            tags=[self.text],
        )

    def picture(self):
        self.call("PUT", "me/avatar", 200, json={"image": PIXEL})

    def deleted_tenant(self):
        """One that can come back."""
        tenant = self.post("tenants", 201, name=unique("Gone "), time_zone="UTC")["id"]
        self.call("DELETE", f"tenants/{tenant}", 204)
        return tenant


class Guest(SignIn):
    """Somebody who comes into a tenant and goes, as often as it takes."""

    def __init__(self, name, text):
        super().__init__(name, text)
        self.tenant = self.post("tenants", 201, name=text, time_zone="UTC")["id"]

    def invited_to(self, owner):
        """The token of a new invitation to who is no member; what they had before does not count any more."""
        self.out_of(owner)
        for old in owner.get("invitations")["items"]:
            if old["email"] == self.email:
                owner.call("DELETE", f"invitations/{old['id']}", 204)
        owner.invitation(self.email)
        return mailed_token(self.email)

    def out_of(self, owner):
        if self.is_in(owner):
            owner.call("DELETE", f"members/{self.user}", 204, headers={"if-match": "*"})

    def is_in(self, owner):
        address = f"{BASE}/v1/members/{self.user}"
        return owner.session.get(address, timeout=30).status_code == 200

    def come_to(self, owner):
        """Is a member then."""
        if not self.is_in(owner):
            token = self.invited_to(owner)
            self.be_there()
            self.post("invitations/accept", 200, token=token)
        return self.user


def pixel():
    return base64.b64decode(PIXEL)


def mailed_token(email):
    """What the link in the newest mail to somebody has after `token=`."""
    mails = requests.get(f"{BASE}/local/outbox", params={"to": email}, timeout=30).json()
    return mails["items"][0]["links"][0].split("token=")[1]
