"""The people of a run, and what a right request needs before it: things in the state for it, texts that answers had."""

import time

import factors
import passkeys
import people
import values

ada = people.Owner("ada", "loom of ada")
# What only Bob's things are called.
CANARY = "canary of bob"
# The one that tenants of the host can name as theirs.
OWN_KEY = "arn:aws:kms:local:000000000000:key/00000000-0000-4000-8000-000000000001"
bob = people.Owner("bob", CANARY)
guest = people.Guest("guest", "Guest")
# Whom Ada lets start over.
warden = factors.Member("warden", "Warden", ada)
supporter = factors.Supporter("supporter", "Supporter")
holder = factors.Holder("holder", "Holder")
# Never shown to Ada unless she sends them herself.
FOREIGN = [CANARY, *(one for ids in bob.ids.values() for one in ids)]


def post(is_held=False, **when):
    def made():
        one = ada.new_post(when or {"at": people.tomorrow()})
        if is_held:
            ada.call("POST", f"posts/{one['id']}/hold", 200, headers={"if-match": "*"}, json={})
        return {"posts": [one["id"]], "targets": [one["targets"][0]["id"]]}

    return made


# Posts that take half a minute to get into their state, and are there when it is their turn. They are more than the right
# calls take, for other calls spare none of them.
STOCK = 8
refused = [
    ada.new_post({"now": True}, [ada.account(people.unique("refused"), "rejected")])
    for _ in range(STOCK)
]
# Where two are alike and neither was answered, only a person can say which of them is out.
twins = [
    ada.new_post({"now": True}, [account])
    for account in [ada.account(people.unique("twins"), "lost_answer") for _ in range(STOCK // 2)]
    for _ in range(2)
]
SETTLED_BY = time.monotonic() + 120


def settled(posts, state):
    """The first of them that is in a state, as soon as there is one."""

    def found():
        while True:
            for post in posts:
                answer = ada.session.get(f"{people.BASE}/v1/posts/{post['id']}", timeout=30)
                targets = answer.json()["targets"] if answer.ok else []
                if targets and targets[0]["state"] == state:
                    return {"posts": [post["id"]], "targets": [targets[0]["id"]]}
            assert time.monotonic() < SETTLED_BY, f"no post is {state}"
            time.sleep(0.2)

    return found


def one(kind, make):
    return lambda: {kind: [make()]}


# The posts that are in the state for it.
POSTS = {
    "cancel_post": post(),
    "delete_post": post(draft=True),
    "duplicate_post": post(),
    "hold_post": post(),
    "resolve_target": settled(twins, "outcome_unknown"),
    "resume_post": post(is_held=True),
    "retry_post": settled(refused, "failed"),
    "schedule_post": post(draft=True),
    "unschedule_post": post(),
    "update_post": post(),
}

# What a right request of an operation is for, where it must not be what Ada has from the beginning.
FRESH = POSTS | {
    "approve_factor_reset": one("members", warden.unapproved),
    "change_member": one("members", lambda: guest.come_to(ada)),
    "complete_media": one("media", lambda: ada.uploaded(people.unique("loom"))),
    "delete_account_group": one(
        "account-groups", lambda: ada.account_group(people.unique("Group "))
    ),
    "delete_media": one("media", lambda: ada.medium(people.unique("loom"))),
    "delete_role": one("roles", lambda: ada.role(people.unique("Role "))),
    "disconnect_account": one("accounts", lambda: ada.account(people.unique("shuttle"))),
    "remove_passkey": one("passkeys", lambda: holder.added(passkeys.Authenticator())),
    "rename_passkey": one("passkeys", lambda: holder.added(passkeys.Authenticator())),
    "remove_member": one("members", lambda: guest.come_to(ada)),
    "restore_tenant": one("tenants", ada.deleted_tenant),
    "revoke_api_key": one("api-keys", lambda: ada.api_key(people.unique("Key "))),
    "rotate_api_key": one("api-keys", lambda: ada.api_key(people.unique("Key "))),
    "withdraw_factor_reset": one("members", lambda: warden.approved() and warden.user),
    "withdraw_invitation": one("invitations", lambda: ada.invitation(values.email(None))),
}


def refreshable():
    guest.be_there()
    # Another token than the last one, which is used.
    guest.act_in(guest.tenant)
    return {"refresh_token": guest.refresh_token}


def pictured():
    if ada.session.get(f"{people.BASE}/v1/me/avatar", timeout=30).status_code == 404:
        ada.picture()
    return {}


def member_themselves():
    guest.come_to(ada)
    guest.act_in(ada.tenant)
    return {}


def own_key():
    ada.call("DELETE", f"tenants/{ada.tenant}/encryption-key", 200)
    return {"kms_key_arn": OWN_KEY}


def guarded():
    warden.guard()
    return {}


def held():
    holder.renew()
    return {}


def mailed(path, status, email):
    """The token of a mail that a call of an address sends."""
    guest.post(path, status, email=email)
    return {"token": people.mailed_token(email)}


def unproven():
    return {"token": people.mailed_token(people.Person(people.unique("new"), "New").email)}


def moving():
    """Somebody with the link in the mail to another address."""
    mover = people.SignIn(people.unique("mover"), "Mover")
    mover.post("me/email", 202, email=f"at-home-{mover.email}")
    return mover, people.mailed_token(f"at-home-{mover.email}")


def moved():
    mover, token = moving()
    mover.post("auth/confirm-email", 204, token=token)
    return {"token": people.mailed_token(mover.email)}


def outside():
    ada.post(f"tenants/{ada.tenant}/support-consent", 200)
    supporter.outside()
    return {"reason": "A post did not go out."}


def inside():
    supporter.inside(ada)
    return {}


# What is right in a request of one operation only, by name; or has to be so before it.
KNOWN = {
    "accept_invitation": lambda: {"token": guest.invited_to(ada)},
    "add_passkey": lambda: {"registration": holder.registration(passkeys.Authenticator())},
    "admit_browser": lambda: mailed("auth/new-browser", 202, guest.email),
    # What is wrong with it otherwise comes after whose account it is.
    "begin_authorization": lambda: {"handle": None, "server": None},
    "begin_support": outside,
    "change_password": lambda: {
        "current_password": people.PASSWORD,
        "new_password": people.PASSWORD,
    },
    "confirm_authenticator": lambda: {"code": warden.offered()},
    "confirm_email": lambda: {"token": moving()[1]},
    "end_support": inside,
    "get_member_avatar": pictured,
    "get_own_avatar": pictured,
    "leave_tenant": member_themselves,
    "login": lambda: {"email": guest.email, "code": None},
    "lose_second_factor": lambda: guarded() | {"email": warden.email},
    "name_encryption_key": own_key,
    "passkey_login": lambda: {"assertion": holder.assertion()},
    "preview_invitation": lambda: {"token": guest.invited_to(ada)},
    "reauthenticate": lambda: {"password": people.PASSWORD, "code": None, "passkey": None},
    "reauthenticate_options": held,
    "reconnect_account": lambda: {"credentials": {"identifier": "ada"}},
    "refresh": refreshable,
    "remove_authenticator": guarded,
    "renew_recovery_codes": guarded,
    "reset_password": lambda: mailed("auth/forgot-password", 202, guest.email),
    "resolve_target": lambda: {"permalink": None},
    "revert_email": moved,
    "schedule_post": lambda: {"when": {"at": people.tomorrow()}},
    "stop_second_factor_reset": lambda: {"token": warden.approved()},
    "verify_email": unproven,
}

# Who calls it instead of Ada, where it is right.
CALLED_BY = {
    "add_passkey": holder,
    "begin_support": supporter,
    "confirm_authenticator": warden,
    "end_support": supporter,
    "reauthenticate_options": holder,
    "remove_authenticator": warden,
    "remove_passkey": holder,
    "rename_passkey": holder,
    "renew_recovery_codes": warden,
}
