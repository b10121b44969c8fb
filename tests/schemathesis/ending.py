"""Calls what ends the caller's sign-in, tenant or account, which no other call could follow: ending.py

Each that has an id is tried with one of somebody else first, and the answers are held to the document as all others are.
"""

import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

import documented
import people
from exceptions import AT_THE_END

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]

document = schemathesis.openapi.from_url(f"{people.BASE}/openapi.json")
called = set()


def call(caller, operation, status, id=None):
    case = document.find_operation_by_id(operation).Case(
        path_parameters={} if id is None else {"id": id},
        headers={"authorization": f"Bearer {caller.token}", "if-match": "*"},
    )
    answer = case.call_and_validate(checks=CHECKS)
    assert answer.status_code == status, f"{operation}: {answer.status_code} {answer.text}"
    assert (fault := documented.fault(operation, case, answer)) is None, fault
    called.add(operation)


def sign_ins(person):
    return [one["id"] for one in person.get("me/sessions")["items"]]


carol = people.Owner("carol", "loom of carol")
of_carol = sign_ins(carol)[0]
dora = people.Owner("dora", "loom of dora")
before = sign_ins(dora)[0]
dora.sign_in()
dora.act_in(dora.tenant)

call(dora, "end_session", 404, of_carol)
call(dora, "end_session", 204, before)
assert before not in sign_ins(dora), "it is still listed"
call(dora, "delete_tenant", 404, carol.tenant)
call(dora, "delete_tenant", 204, dora.tenant)
assert dora.get("me")["tenants"] == [], "it is still there"
call(dora, "logout", 204)
assert dora.asks_who_they_are()["status"] == 401, "the sign-in goes on"
call(carol, "delete_me", 409)
dora.sign_in()
call(dora, "delete_me", 204)
assert dora.asks_who_they_are()["status"] == 401, "the account goes on"
assert carol.get(f"tenants/{carol.tenant}")["name"] == "loom of carol"
assert called == AT_THE_END, called
