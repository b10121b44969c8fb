"""Operations that are not called, or never succeed here, or seldom, each with its reason."""

# They end the sign-in, the tenant or the account without which every other call would be refused at the door:
# `ending.py` calls them, once all others were called. Schemathesis sends ids that answers had, and so ended its own
# sign-in by the list of sign-ins.
AT_THE_END = {"logout", "end_session", "delete_tenant", "delete_me"}

SECOND_FACTOR = "nobody here has a second factor, and an authenticator is no part of a generated request"
CONSENT = "a person agrees at a network's own page"
MAILED = "the link is in a mail that only another request sends"
FILES = "it needs the files of an export, which are worked on between requests"
SUPPORT = "nobody here supports others: the operator appoints who does"
KEY_SERVICE = "tenants bring keys of AWS, which is not here"
NETWORK = "a network's answer to a published post decides"

# None of their answers is a success.
NEVER = {
    "add_passkey": SECOND_FACTOR,
    "apply_import": FILES,
    "approve_factor_reset": SECOND_FACTOR,
    "admit_browser": MAILED,
    "begin_authorization": CONSENT,
    "begin_support": SUPPORT,
    "bluesky_client": "the host has no address that a network could ask",
    "cancel_import": FILES,
    "complete_authorization": CONSENT,
    "confirm_authenticator": SECOND_FACTOR,
    "confirm_email": MAILED,
    "end_support": SUPPORT,
    "lose_second_factor": SECOND_FACTOR,
    "name_encryption_key": KEY_SERVICE,
    "passkey_login": SECOND_FACTOR,
    "reauthenticate_options": SECOND_FACTOR,
    "remove_authenticator": SECOND_FACTOR,
    "remove_passkey": SECOND_FACTOR,
    "rename_passkey": SECOND_FACTOR,
    "renew_recovery_codes": SECOND_FACTOR,
    "reset_password": MAILED,
    "reset_second_factor": MAILED,
    "resolve_target": NETWORK,
    "retry_post": NETWORK,
    "revert_email": MAILED,
    "stop_second_factor_reset": MAILED,
    "verify_email": MAILED,
    "withdraw_factor_reset": SECOND_FACTOR,
}

# Their successes, where they are few.
FEWER = {
    # Once it is worked on, nothing is left to begin.
    "check_import": 1,
}
