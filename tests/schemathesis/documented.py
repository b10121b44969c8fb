"""Whether an answer is one that the documents name."""

import pathlib
import re

import right

ERRORS = pathlib.Path(__file__).parents[2] / "docs/errors.md"
# The statuses of each code that a request can be refused with.
CODES = {
    code: {int(status) for status in statuses.split(", ")}
    for code, statuses in re.findall(r"^\| `(\w+)` \| ([\d, ]+) \|", ERRORS.read_text(), re.M)
}
DEFINITIONS = {
    definition["operationId"]: definition
    for operations in right.DOCUMENT["paths"].values()
    for definition in operations.values()
}


def fault(operation, case, response):
    """What is wrong with the status, or the code; nothing if it is documented."""
    status = response.status_code
    if status < 400:
        named = DEFINITIONS[operation]["responses"]
        return None if str(status) in named else f"{status} is not among {sorted(named)}"
    code = response.json().get("code")
    if status not in CODES.get(code, ()):
        return f"{status} {code} is not in docs/errors.md"
    return None
