"""MiniStack with the roles of the template in force.

MiniStack checks signatures and evaluates policies (AUTH=true), but some things that AWS tells its policies it does not:

- which keys a call of DynamoDB names (`dynamodb:LeadingKeys`), and for a call about one item its attributes and what it
  asks to be told (`dynamodb:Attributes`, `dynamodb:ReturnValues`), of each item of a transaction by itself;
- the encryption context of a call of KMS (`kms:EncryptionContext:NAME`);
- the sender of a mail (`ses:FromAddress`), and the identity that it belongs to, which is what the call is about;
- that the caller used TLS (`aws:SecureTransport`): here nobody does, and AWS accepts nothing else.

And it has actions of its own for batches of a queue's messages, which AWS authorizes as the action on one message.

That is made up for here, so that a function that does what its role forbids is refused as it would be in AWS.

Each decision about a role is written to the file that M1A_DECISIONS names, one JSON object per line.
"""

import contextvars
import email.utils
import json
import os
import re

from ministack import app as emulator
from ministack.core import iam_actions, iam_evaluator
from ministack.core.responses import get_account_id

# The call that is being authorized: its body as JSON.
call = contextvars.ContextVar("call", default={})
decisions = open(os.environ["M1A_DECISIONS"], "a", buffering=1)

# The parts of an item of a transaction, and the action that each is authorized as.
TRANSACTION_ACTIONS = {
    "ConditionCheck": "dynamodb:ConditionCheckItem",
    "Delete": "dynamodb:DeleteItem",
    "Get": "dynamodb:GetItem",
    "Put": "dynamodb:PutItem",
    "Update": "dynamodb:UpdateItem",
}


# The actions about one item; those of a transaction are among them.
ITEM_ACTIONS = set(TRANSACTION_ACTIONS.values())


class ItemAction(str):
    """The action of one item of a transaction, with what it says of the item."""

    item = {}


def partition_key(item):
    """The partition key of an item, or of a key."""
    return item["PK"]["S"]


def queried_key(query):
    """The value that a query's partition key must have: its first equality."""
    value = re.match(r"\(?\s*[#\w]+\s*=\s*(:\w+)", query["KeyConditionExpression"]).group(1)
    return query["ExpressionAttributeValues"][value]["S"]


def leading_keys(action, body):
    """The partition keys that a call of DynamoDB names."""
    if action in ITEM_ACTIONS:
        return [partition_key(body["Item"] if action == "dynamodb:PutItem" else body["Key"])]
    match action:
        case "dynamodb:Query":
            return [queried_key(body)]
        case "dynamodb:BatchGetItem":
            return [partition_key(key) for table in body["RequestItems"].values() for key in table["Keys"]]
        case "dynamodb:BatchWriteItem":
            writes = [write for table in body["RequestItems"].values() for write in table]
            return [
                partition_key(write["PutRequest"]["Item"] if "PutRequest" in write else write["DeleteRequest"]["Key"])
                for write in writes
            ]
    return None


def attributes(body):
    """The attributes that a call about one item names: in the key, in the item, and in expressions, all of which the
    store writes with places for names."""
    named = body.get("ExpressionAttributeNames", {}).values()
    return sorted({*body.get("Key", {}), *body.get("Item", {}), *named})


def returns(body):
    """What it asks to be told, also of an item that refuses it; None where it does not ask."""
    asked = (body.get(place) for place in ("ReturnValues", "ReturnValuesOnConditionCheckFailure"))
    return next((values for values in asked if values not in (None, "NONE")), None)


def table_conditions(action, body):
    """The condition keys for a call of DynamoDB; those that it does not have are left out."""
    if isinstance(action, ItemAction):
        body = action.item
    found = {"dynamodb:LeadingKeys": leading_keys(action, body)}
    if action in ITEM_ACTIONS:
        found["dynamodb:Attributes"] = attributes(body)
        found["dynamodb:ReturnValues"] = returns(body)
    return {key: value for key, value in found.items() if value is not None}


def conditions(action, body):
    """The condition keys that the emulator does not know, for a call."""
    if action.startswith("dynamodb:"):
        return table_conditions(action, body)
    if action.startswith("kms:"):
        context = body.get("EncryptionContext") or {}
        return {f"kms:EncryptionContext:{name}": value for name, value in context.items()}
    if action == "ses:SendEmail":
        return {"ses:FromAddress": sender(body)}
    return {}


def sender(mail):
    """The address alone: a display name has a condition key of its own."""
    return email.utils.parseaddr(mail["FromEmailAddress"])[1]


def transaction_checks(action, body, region, account):
    """As the emulator's own, with what is said of each item."""
    checks = []
    for item in json.loads(body).get("TransactItems", []) if action.startswith("dynamodb:Transact") else []:
        for part, detail in item.items():
            check = ItemAction(TRANSACTION_ACTIONS[part])
            check.item = detail
            checks.append((check, f"arn:aws:dynamodb:{region}:{account}:table/{detail['TableName']}"))
    return checks


own_enforce = iam_evaluator.enforce
own_evaluate = iam_evaluator.evaluate


def enforce(access_key, action, service, region, resource_arn="*", service_context=None):
    if action.startswith("sqs:"):
        action = action.removesuffix("Batch")
    if action == "ses:SendEmail":
        # The verified identity is the domain.
        _, domain = sender(call.get()).split("@")
        resource_arn = f"arn:aws:ses:{region}:{get_account_id()}:identity/{domain}"
    context = {**(service_context or {}), **conditions(action, call.get())}
    denied = own_enforce(access_key, action, service, region, resource_arn=resource_arn, service_context=context)
    if isinstance(denied, iam_evaluator.EvalResult):
        note(denied.principal_arn, denied.decision, action, resource_arn, context, [])
    return denied


def evaluate(ctx, policies, *limits):
    result = own_evaluate(ctx, policies, *limits)
    if result.decision == "Allow":
        # All statements that would do, not only the first: to see which ones nothing needs.
        statements = [statement for policy in policies for statement in policy]
        matching = [s.sid for s in statements if iam_evaluator._first_match(ctx, [s], "Allow")]
        note(ctx.principal_arn, "Allow", ctx.action, ctx.resource_arn, ctx.service_context, matching)
    return result


def note(principal, decision, action, resource, context, statements):
    if ":assumed-role/" not in principal:
        return
    keys = context.get("dynamodb:LeadingKeys") or context.get("dynamodb:leadingkeys")
    line = {
        "function": principal.rsplit("/", 1)[-1],
        "decision": decision,
        "action": action,
        "resource": resource,
        "keys": keys,
        "statements": statements,
    }
    decisions.write(json.dumps(line) + "\n")


iam_actions.dynamodb_transaction_checks = transaction_checks
iam_evaluator.enforce = enforce
iam_evaluator.evaluate = evaluate
own_app = emulator.app


async def app(scope, receive, send):
    """Reads the body of calls of AWS services ahead, and says that they came over TLS."""
    if scope["type"] != "http":
        await own_app(scope, receive, send)
        return
    headers = [(name, value) for name, value in scope["headers"] if name != b"x-forwarded-proto"]
    scope = {**scope, "headers": [*headers, (b"x-forwarded-proto", b"https")]}
    content_type = dict(headers).get(b"content-type", b"")
    if not content_type.startswith((b"application/x-amz-json", b"application/json")):
        await own_app(scope, receive, send)
        return
    messages = [await receive()]
    while messages[-1].get("more_body"):
        messages.append(await receive())
    body = b"".join(message.get("body", b"") for message in messages)
    try:
        parsed = json.loads(body or b"{}")
    except ValueError:
        parsed = {}
    call.set(parsed if isinstance(parsed, dict) else {})
    waiting = iter(messages)

    async def replay():
        return next(waiting, None) or await receive()

    await own_app(scope, replay, send)


emulator.app = app

if __name__ == "__main__":
    emulator.main()
