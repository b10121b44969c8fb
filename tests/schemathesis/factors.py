"""People with a second factor: an authenticator app, which needs nothing but a clock, or a passkey."""

import base64
import hmac
import http.cookies
import struct
import time

import requests

import passkeys
import people

# Seconds for which an app shows a code.
STEP = 30


class Lasting(people.SignIn):
    """Somebody whom a password does not sign in any more."""

    def renew(self):
        if time.monotonic() - self.renewed_at > people.RENEWED_AFTER:
            self.take(self.post("auth/refresh", 200, refresh_token=self.refresh_token))


class Guarded(Lasting):
    """Somebody who has an authenticator app, or is about to."""

    def has_app(self):
        self.renew()
        return self.get("me/second-factor")["authenticator"]

    def offered(self):
        """The code that confirms an app which does not count yet."""
        if self.has_app():
            self.call("DELETE", "me/second-factor/authenticator", 204)
        return code(self.post("me/second-factor/authenticator", 200)["secret"])

    def guard(self):
        """Has an app then."""
        if not self.has_app():
            self.post("me/second-factor/authenticator/confirm", 200, code=self.offered())


class Member(Guarded):
    """One of a tenant, whose owner can let them start over."""

    def __init__(self, name, text, owner):
        super().__init__(name, text)
        self.owner = owner
        owner.invitation(self.email)
        self.post("invitations/accept", 200, token=people.mailed_token(self.email))

    def unapproved(self):
        """Has lost the app, and nobody has approved yet that they start over."""
        self.guard()
        self.owner.call("DELETE", f"members/{self.user}/second-factor/reset", 204)
        return self.user

    def approved(self):
        """The owner lets them start over: what their link has."""
        self.owner.post(f"members/{self.unapproved()}/second-factor/reset", 201)
        return people.mailed_token(self.email)


class Supporter(Guarded):
    """Somebody who looks into tenants for the platform, which takes a browser."""

    def __init__(self, name, text):
        super().__init__(name, text)
        self.guard()
        appointed = {"user_id": self.user}
        requests.post(f"{people.BASE}/local/supporters", json=appointed, timeout=30).raise_for_status()
        self.platform = self.get("me")["tenants"][0]["id"]
        self.post("auth/switch", 200, tenant_id=self.platform)

    def sign_in(self):
        self.session.headers["sec-fetch-site"] = "same-origin"
        login = {"email": self.email, "password": people.PASSWORD, "mode": "cookie"}
        self.post("auth/login", 200, **login)

    def renew(self):
        """A cookie lasts for as long as it is used."""

    def identify(self, case):
        case.headers.pop("authorization", None)
        case.headers["sec-fetch-site"] = "same-origin"
        case.cookies = self.session.cookies.get_dict()

    def hear(self, response):
        for header in response.headers.get("set-cookie", []):
            new = http.cookies.SimpleCookie(header)
            for cookie in self.session.cookies:
                if cookie.name in new:
                    cookie.value = new[cookie.name].value

    def outside(self):
        """Looks into no tenant then."""
        if self.get("me")["support"]:
            self.call("DELETE", "support-sessions/current", 204)

    def inside(self, owner):
        """Looks into a tenant that lets them."""
        if not self.get("me")["support"]:
            owner.post(f"tenants/{owner.tenant}/support-consent", 200)
            look = {"tenant_id": owner.tenant, "reason": "A post did not go out."}
            self.post("support-sessions", 201, **look)


class Holder(Lasting):
    """Somebody with passkeys."""

    def __init__(self, name, text):
        super().__init__(name, text)
        self.authenticator = passkeys.Authenticator()
        self.added(self.authenticator)

    def registration(self, authenticator):
        self.renew()
        return authenticator.registration(self.post("me/passkeys/options", 200))

    def added(self, authenticator):
        """The id of another one."""
        new = {"name": people.unique("Key "), "registration": self.registration(authenticator)}
        return self.post("me/passkeys", 201, **new)["passkey"]["id"]

    def assertion(self):
        return self.authenticator.assertion(self.post("auth/passkey/options", 200))


def code(secret):
    """What an app shows now (RFC 6238)."""
    key = base64.b32decode(secret)
    tag = hmac.digest(key, struct.pack(">Q", int(time.time()) // STEP), "sha1")
    begin = tag[-1] & 0x0F
    number = int.from_bytes(tag[begin : begin + 4]) & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"
