"""The people of a run, and what a right request needs before it: things in the state for it, texts that answers had."""

import people
import values

ada = people.Owner("ada", "loom of ada")
# What only Bob's things are called.
CANARY = "canary of bob"
bob = people.Owner("bob", CANARY)
guest = people.Guest("guest", "Guest")
# Never shown to Ada unless she sends them herself.
FOREIGN = [CANARY, *(one for ids in bob.ids.values() for one in ids)]


def post(is_held=False, **when):
    def made():
        one = ada.new_post(when or {"at": people.tomorrow()})
        if is_held:
            ada.call("POST", f"posts/{one['id']}/hold", 200, headers={"if-match": "*"}, json={})
        return {"posts": [one["id"]], "targets": [one["targets"][0]["id"]]}

    return made


def one(kind, make):
    return lambda: {kind: [make()]}


# The posts that are in the state for it.
POSTS = {
    "cancel_post": post(),
    "delete_post": post(draft=True),
    "duplicate_post": post(),
    "hold_post": post(),
    "resume_post": post(is_held=True),
    "schedule_post": post(draft=True),
    "unschedule_post": post(),
    "update_post": post(),
}

# What a right request of an operation is for, where it must not be what Ada has from the beginning.
FRESH = POSTS | {
    "change_member": one("members", lambda: guest.come_to(ada)),
    "complete_media": one("media", lambda: ada.uploaded(people.unique("loom"))),
    "delete_account_group": one(
        "account-groups", lambda: ada.account_group(people.unique("Group "))
    ),
    "delete_media": one("media", lambda: ada.medium(people.unique("loom"))),
    "delete_role": one("roles", lambda: ada.role(people.unique("Role "))),
    "disconnect_account": one("accounts", lambda: ada.account(people.unique("shuttle"))),
    "remove_member": one("members", lambda: guest.come_to(ada)),
    "restore_tenant": one("tenants", ada.deleted_tenant),
    "revoke_api_key": one("api-keys", lambda: ada.api_key(people.unique("Key "))),
    "rotate_api_key": one("api-keys", lambda: ada.api_key(people.unique("Key "))),
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


# What is right in a request of one operation only, by name; or has to be so before it.
KNOWN = {
    "accept_invitation": lambda: {"token": guest.invited_to(ada)},
    "change_password": lambda: {
        "current_password": people.PASSWORD,
        "new_password": people.PASSWORD,
    },
    "get_member_avatar": pictured,
    "get_own_avatar": pictured,
    "leave_tenant": member_themselves,
    "login": lambda: {"email": guest.email, "code": None},
    "preview_invitation": lambda: {"token": guest.invited_to(ada)},
    "reauthenticate": lambda: {"password": people.PASSWORD, "code": None, "passkey": None},
    "reconnect_account": lambda: {"credentials": {"identifier": "ada"}},
    "refresh": refreshable,
    "schedule_post": lambda: {"when": {"at": people.tomorrow()}},
}
