"""What emulator.py tells the policies of a call of DynamoDB, and so what a condition of the template refuses."""

import json
import os
import unittest
from dataclasses import replace

os.environ["M1A_DECISIONS"] = os.devnull
import emulator  # noqa: E402 (it opens the file)
from ministack.core import iam_evaluator  # noqa: E402

TABLE = "arn:aws:dynamodb:eu-central-1:000000000000:table/t"
# As of a wrapped key, which somebody looks after and nobody changes.
STATEMENT = {
    "Effect": "Allow",
    "Action": "dynamodb:UpdateItem",
    "Resource": TABLE,
    "Condition": {
        "ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["T#?#TK"]},
        "ForAllValues:StringEquals": {"dynamodb:Attributes": ["PK", "SK", "kind"]},
        "StringEqualsIfExists": {"dynamodb:ReturnValues": "NONE"},
    },
}
POLICY = iam_evaluator.parse_policy_document({"Version": "2012-10-17", "Statement": [STATEMENT]})


def update(name="kind", partition="T#1#TK", **more):
    return {
        "TableName": "t",
        "Key": {"PK": {"S": partition}, "SK": {"S": "-"}},
        "UpdateExpression": "REMOVE #0",
        "ExpressionAttributeNames": {"#0": name},
        **more,
    }


def decide(action, body):
    """What the policy says to a call."""
    context = {key.lower(): value for key, value in emulator.conditions(action, body).items()}
    call = iam_evaluator.EvalContext("arn", "AssumedRole", "000000000000", action, TABLE, "eu-central-1")
    return emulator.own_evaluate(replace(call, service_context=context), [POLICY]).decision


def by_itself(item):
    return decide("dynamodb:UpdateItem", item)


def in_transaction(item):
    # Beside one that would be refused: each is checked by itself.
    body = {"TransactItems": [{"Update": item}, {"Update": update("wrapped")}]}
    checks = emulator.transaction_checks(
        "dynamodb:TransactWriteItems", json.dumps(body), "eu-central-1", "000000000000"
    )
    (action, _), _ = checks
    return decide(action, body)


class ConditionsOnOneItem(unittest.TestCase):
    def test_known_attributes_without_questions_are_allowed(self):
        for decision in (by_itself, in_transaction):
            for more in ({}, {"ReturnValues": "NONE"}, {"ReturnValuesOnConditionCheckFailure": "NONE"}):
                self.assertEqual(decision(update(**more)), "Allow", (decision, more))

    def test_another_attribute_is_refused(self):
        for decision in (by_itself, in_transaction):
            self.assertEqual(decision(update("wrapped")), "ImplicitDeny", decision)

    def test_another_partition_is_refused(self):
        for decision in (by_itself, in_transaction):
            self.assertEqual(decision(update(partition="T#1")), "ImplicitDeny", decision)

    def test_whoever_asks_to_be_told_is_refused(self):
        for decision in (by_itself, in_transaction):
            for place in ("ReturnValues", "ReturnValuesOnConditionCheckFailure"):
                self.assertEqual(decision(update(**{place: "ALL_OLD"})), "ImplicitDeny", (decision, place))


class ConditionKeys(unittest.TestCase):
    def test_item_that_is_put_names_all_that_it_has(self):
        item = {"PK": {"S": "T#1"}, "SK": {"S": "-"}, "ver": {"N": "1"}}
        body = {"Item": item, "ExpressionAttributeNames": {"#0": "exp"}}

        found = emulator.conditions("dynamodb:PutItem", body)

        self.assertEqual(found, {"dynamodb:LeadingKeys": ["T#1"], "dynamodb:Attributes": ["PK", "SK", "exp", "ver"]})

    def test_query_and_batch_have_their_keys_alone(self):
        query = {"KeyConditionExpression": "#0 = :0", "ExpressionAttributeValues": {":0": {"S": "T#1"}}}
        batch = {"RequestItems": {"t": {"Keys": [{"PK": {"S": "T#1"}}, {"PK": {"S": "T#2"}}]}}}

        for action, body, keys in (
            ("dynamodb:Query", query, ["T#1"]),
            ("dynamodb:BatchGetItem", batch, ["T#1", "T#2"]),
        ):
            self.assertEqual(emulator.conditions(action, body), {"dynamodb:LeadingKeys": keys}, action)


if __name__ == "__main__":
    unittest.main()
