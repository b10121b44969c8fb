"""What Schemathesis cannot know: two tenants, of which one calls, and what is never in an answer.

Ada calls. Some requests are right and about her own things, some are that but for one id of Bob's, the others are what
Schemathesis made, with ids of both; nothing of Bob's may ever come back.
What the run was is noted at its end, for `proof.py`: a run that nobody let in finds nothing.
"""

import atexit
import collections
import json
import os

import schemathesis
from hypothesis import strategies as st

import documented
import seats
from prepared import FOREIGN, ada, bob

# What was decided for a call, until its answer is judged.
decided = {}
# Ids of Bob's that Ada named so far.
tried = set()
# Of each operation: answers by status, successes, and calls that were right but for an id of Bob's.
answers = collections.defaultdict(collections.Counter)
through = collections.Counter()
foreign = collections.Counter()
# Which operations can name a thing.
naming = set()


@schemathesis.auth(refresh_interval=1)
class Bearer:
    def get(self, case, ctx):
        return ada.token

    def set(self, case, data, ctx):
        case.headers = case.headers or {}
        case.headers["authorization"] = f"Bearer {data}"


@schemathesis.hook
def flatmap_path_parameters(ctx, path_parameters):
    """The same, from more than there is: where only one id is known, Hypothesis would be done after one call."""
    return st.integers().map(lambda _: path_parameters)


@schemathesis.hook
def before_call(ctx, case, kwargs):
    ada.renew()
    seat = decided[case.id] = seats.take(case)
    # What was prepared may have put another token in the place of the one before.
    seat.caller.identify(case)


@schemathesis.hook
def after_call(ctx, case, response):
    seat = decided[case.id]
    if not seat.is_of_operation:
        return
    answers[seat.id][response.status_code] += 1
    if seat.can_name:
        naming.add(seat.id)
    if seat.is_right and seat.foreign:
        foreign[seat.id] += 1
    if 200 <= response.status_code < 300:
        through[seat.id] += 1
        if seat.id in ("switch", "reauthenticate"):
            # They put another sign-in in the place of the one that asked, in any of her tenants.
            ada.take(response.json())
            ada.act_in(ada.tenant)
        seat.caller.hear(response)


@schemathesis.check
def answer_is_documented(ctx, response, case):
    """`default` stands for refusals only: a success must be there by its number, a refusal's code in `docs/errors.md`."""
    fault = documented.fault(decided[case.id].id, case, response)
    assert fault is None, fault


@schemathesis.check
def nothing_of_another_tenant(ctx, response, case):
    sent = f"{response.request.url} {response.request.body}"
    own = {text for text in FOREIGN if text in sent}
    tried.update(own)
    if decided[case.id].id in ("list_audit", "export_audit"):
        # What she named in vain is in the audit log of her own tenant.
        own = tried
    for text in FOREIGN:
        assert text in own or text.encode() not in response.content, f"{text} is in the answer"


@schemathesis.check
def ids_of_another_tenant_name_nothing(ctx, response, case):
    seat = decided[case.id]
    if seat.foreign and seat.is_of_operation:
        # Where something else is wrong, too, that may be what the answer says; a dry run says it as what it found.
        refused = [404, 422] if seat.is_right else range(400, 500)
        is_refused = response.status_code in refused
        if response.status_code == 200 and not seat.is_right and "dry_run" in (case.query or {}):
            is_refused = response.json()["valid"] is False
        assert is_refused, f"{seat.foreign} of Bob's is not refused as unknown"


@atexit.register
def note():
    ada.renew()
    bob.sign_in()
    people = {person.name: person.asks_who_they_are() for person in (ada, bob)}
    notes = {
        "people": people,
        "answers": answers,
        "through": through,
        "foreign": foreign,
        "naming": sorted(naming),
    }
    with open(os.environ["M1A_PROOF"], "w") as file:
        json.dump(notes, file)
