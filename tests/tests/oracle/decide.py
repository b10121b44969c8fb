"""Has Cedar decide by rules.cedar. Takes {"entities": [...], "requests": [...]}; prints a sign for each request."""

import json
import sys
from pathlib import Path

import cedarpy

SIGNS = {cedarpy.Decision.Allow: "+", cedarpy.Decision.Deny: "-"}

asked = json.load(sys.stdin)
rules = Path(__file__).with_name("rules.cedar").read_text()
answers = cedarpy.is_authorized_batch(asked["requests"], rules, asked["entities"])
for request, answer in zip(asked["requests"], answers, strict=True):
    # A rule that cannot be evaluated decides nothing, so no other rule may decide instead of it.
    if answer.diagnostics.errors:
        sys.exit(f"{request}: {answer.diagnostics.errors}")
print("".join(SIGNS[answer.decision] for answer in answers))
