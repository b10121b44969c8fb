"""Whether a run was what it was meant to be: proof.py NOTES

Both people must be signed in at the end, and of each group of routes enough calls must have got through: whoever is
refused at the door finds no fault behind it.
"""

import json
import sys

# Successes of each group of routes.
FLOOR = 10
# Groups with fewer, each with its reason.
FEWER = {
    # Its times and its zone are texts: few of those that are made up are any.
    "calendar": 1,
    # Nobody has consented, and Ada does not support others.
    "support-sessions": 0,
}


def faults(notes):
    for name, seen in notes["people"].items():
        if seen != {"status": 200, "email": f"{name}@example.com"}:
            yield f"{name} is not signed in at the end: {seen}"
    if set(notes["people"]) != {"ada", "bob"}:
        yield "nobody asked for both people"
    for group in FEWER.keys() - notes["answers"].keys():
        yield f"{group} is no group of routes any more"
    if len(notes["answers"]) < 15:
        yield f"only {len(notes['answers'])} groups of routes were called"
    for group, answers in sorted(notes["answers"].items()):
        through = sum(count for status, count in answers.items() if status.startswith("2"))
        floor = FEWER.get(group, FLOOR)
        if through < floor:
            yield f"{group}: {through} calls got through, {floor} must: {answers}"


with open(sys.argv[1]) as file:
    found = list(faults(json.load(file)))
for fault in found:
    print(fault, file=sys.stderr)
sys.exit(bool(found))
