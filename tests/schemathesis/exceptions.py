"""Operations that are not called, or never succeed here, or seldom, each with its reason."""

# They end the sign-in, the tenant or the account without which every other call would be refused at the door:
# `ending.py` calls them, once all others were called. Schemathesis sends ids that answers had, and so ended its own
# sign-in by the list of sign-ins.
AT_THE_END = {"logout", "end_session", "delete_tenant", "delete_me"}

CONSENT = "a person agrees at a network's own page, and no server of such a network is here"
FILES = "it needs the files of an export, and both are worked on for seconds, one import at a time"

# None of their answers is a success; `proof.py` says so of one that is.
NEVER = {
    "apply_import": FILES,
    "begin_authorization": CONSENT,
    "bluesky_client": "the host has no https address, at which a network could ask",
    "cancel_import": "what was under way a moment ago may be over",
    "complete_authorization": CONSENT,
    "reset_second_factor": "three days pass between the approval and it",
}

# Their successes, where they are few.
FEWER = {
    # Once it is worked on, nothing is left to begin.
    "check_import": 1,
}
