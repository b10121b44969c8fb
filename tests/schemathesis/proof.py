"""Whether a run was what it was meant to be: proof.py NOTES DOCUMENT

Both people must be signed in at the end, and of each operation enough calls must have got through: whoever is refused at
the door finds no fault behind it. What can name somebody's things must have been tried with Bob's.
"""

import json
import sys

from exceptions import AT_THE_END, FEWER, NEVER

# Of each operation: successes, and requests that were right but for an id of Bob's. About half of the fewest that are
# seen.
FLOOR = 2


def faults(notes, operations):
    for name, seen in notes["people"].items():
        if seen != {"status": 200, "email": f"{name}@example.com"}:
            yield f"{name} is not signed in at the end: {seen}"
    if set(notes["people"]) != {"ada", "bob"}:
        yield "nobody asked for both people"
    for gone in {*AT_THE_END, *NEVER, *FEWER} - operations:
        yield f"{gone} is no operation any more"
    for operation in sorted(operations - AT_THE_END):
        floor = 0 if operation in NEVER else FEWER.get(operation, FLOOR)
        answers = notes["answers"].get(operation, {})
        if not answers:
            yield f"{operation} was not called"
        through = notes["through"].get(operation, 0)
        if through < floor:
            yield f"{operation}: {through} calls got through, {floor} must: {answers}"
        if through and operation in NEVER:
            yield f"{operation}: {through} calls got through, and exceptions.py says that none can"
    for operation in sorted(notes["naming"]):
        if (tried := notes["foreign"].get(operation, 0)) < FLOOR:
            yield f"{operation}: tried with {tried} ids of Bob's, {FLOOR} must be"
    if len(notes["naming"]) < 50:
        yield f"only {len(notes['naming'])} operations can name something"


def operation_ids(document):
    return {one["operationId"] for path in document["paths"].values() for one in path.values()}


with open(sys.argv[1]) as notes, open(sys.argv[2]) as document:
    found = list(faults(json.load(notes), operation_ids(json.load(document))))
for fault in found:
    print(fault, file=sys.stderr)
sys.exit(bool(found))
