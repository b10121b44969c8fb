"""Which call gets what: a request that is right, the same with one id of Bob's, or what Schemathesis made.

It depends on the operation and on how often it was called only, so that a run can be repeated.
"""

import collections
import random

import right
from exceptions import NEVER
from prepared import CALLED_BY, FRESH, KNOWN, POSTS, ada, bob, guest
from values import KINDS, VALUES

# So many requests of an operation are right, and so many name one thing of Bob's.
TURNS = 5
# Thirty keys and thirty pictures can be made at once: fewer turns, and no other request is made better.
LIMITED = {"create_api_key", "put_avatar", "revoke_api_key", "rotate_api_key"}
# What is prepared by several calls, or for once: fewer turns, too.
COSTLY = {
    "add_passkey",
    "approve_factor_reset",
    "begin_support",
    "confirm_authenticator",
    "confirm_email",
    "end_support",
    "lose_second_factor",
    "remove_authenticator",
    "remove_passkey",
    "rename_passkey",
    "renew_recovery_codes",
    "reset_password",
    "resolve_target",
    "retry_post",
    "revert_email",
    "stop_second_factor_reset",
    "verify_email",
    "withdraw_factor_reset",
}
FEWER_TURNS = 3

# Who calls instead of Ada: she would be out of her tenant, or have another password.
CALLED_BY_GUEST = {"accept_invitation", "change_password", "leave_tenant"}

called = collections.Counter()


class Seat:
    """What was decided for a call."""

    def __init__(self, case):
        definition = right.DOCUMENT["paths"][case.operation.path][case.operation.method]
        self.id = definition["operationId"]
        # Coverage sends every operation methods that it has not.
        self.is_of_operation = case.method.lower() == case.operation.method
        self.can_name = right.can_name(case.operation.path, case.operation.method)
        self.caller = ada
        # Whether nothing is wrong with the request but, maybe, whose thing it names.
        self.is_right = False
        # The ids of Bob's in it.
        self.foreign = []


def take(case):
    """Decides for a case, and changes it so."""
    seat = Seat(case)
    if seat.id in CALLED_BY_GUEST:
        seat.caller = guest
        guest.be_there()
    rng = random.Random(f"{seat.id} {called[seat.id]}")
    turn, kind = divmod(called[seat.id], 3)
    is_fuzzed = case.meta is not None and case.meta.phase.name.value == "fuzzing"
    called[seat.id] += is_fuzzed
    # What never succeeds must refuse ids of Bob's all the same.
    may_be_right = is_fuzzed and seat.is_of_operation and (kind == 1 or seat.id not in NEVER)
    turns = FEWER_TURNS if seat.id in LIMITED | COSTLY else TURNS
    if may_be_right and turn < turns and kind <= seat.can_name:
        make_right(case, seat, rng, turn if kind == 1 else None)
        return seat
    name_in_path(case, seat, rng)
    if seat.id == "refresh":
        spoil(case.body)
    if is_fuzzed and seat.id not in LIMITED:
        case.body = half_right(case.body, seat, rng)
        case.query = half_right(case.query, seat, rng)
    return seat


def make_right(case, seat, rng, of_bob):
    """Nothing is wrong with it then; or only that the thing at this place is Bob's."""
    is_foreign = of_bob is not None
    known = KNOWN.get(seat.id, dict)()
    fresh = POSTS if is_foreign else FRESH
    owned = ada.ids | fresh.get(seat.id, dict)()
    if seat.id == "delete_role" and not is_foreign:
        # No role replaces itself.
        known["replacement"] = ada.ids["roles"][0]
    request = right.Request(rng, owned, known, names_all=is_foreign).of(case.operation)
    if is_foreign:
        container, key, kind = request.places[of_bob % len(request.places)]
        container[key] = rng.choice(bob.ids[kind])
        seat.foreign.append(container[key])
    seat.is_right = True
    seat.caller = CALLED_BY.get(seat.id, seat.caller)
    case.path_parameters = request.path
    case.query = request.query
    case.headers = request.headers
    case.cookies = {}
    if request.body is not None:
        case.body = request.body
        case.media_type = "application/json"


def spoil(body):
    """Schemathesis sends tokens that answers had: used twice, one ends the sign-in that Ada has."""
    if isinstance(body, dict) and isinstance(body.get("refresh_token"), str):
        body["refresh_token"] = body["refresh_token"][::-1]


def name_in_path(case, seat, rng):
    """Puts real ids in the place of most made-up ones."""
    path = case.path_parameters or {}
    for name, kind in right.path_kinds(case.operation.path).items():
        if name not in path or kind not in ada.ids:
            continue
        # What she has from the beginning stays there for all routes. Schemathesis knows it from answers.
        is_spared = case.method.lower() == "delete" or seat.id == "rotate_api_key"
        own = [] if is_spared else [*ada.ids[kind]] * 2
        if rng.random() < 0.75 or is_spared and path[name] in ada.ids[kind]:
            path[name] = rng.choice(own + bob.ids[kind])
            note(path[name], kind, seat)


def half_right(value, seat, rng):
    """Puts in the place of half of what has a known name what can stand there."""
    if isinstance(value, list):
        return [half_right(one, seat, rng) for one in value]
    if not isinstance(value, dict):
        return value
    made = {}
    for name, inner in value.items():
        is_replaced = rng.random() < 0.5
        if is_replaced and name in KINDS and isinstance(inner, (str, list)):
            made[name] = named(KINDS[name], inner, seat, rng)
        elif is_replaced and name in VALUES:
            made[name] = VALUES[name](rng)
        else:
            made[name] = half_right(inner, seat, rng)
    return made


def named(kind, inner, seat, rng):
    chosen = rng.choice(ada.ids[kind] + bob.ids[kind])
    if isinstance(inner, list) and not all(isinstance(one, str) for one in inner):
        return half_right(inner, seat, rng)
    note(chosen, kind, seat)
    return chosen if isinstance(inner, str) else [chosen, *inner[1:]]


def note(chosen, kind, seat):
    if chosen in bob.ids[kind]:
        seat.foreign.append(chosen)
