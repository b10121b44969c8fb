"""Checks every policy of the templates with parliament: misspelt actions, actions that fit no resource, unknown conditions.

Usage: python policies.py TEMPLATE...
"""

import json
import re
import sys

import yaml
from parliament import analyze_policy_string

# What IAM takes of one role's inline policies, without white space.
POLICY_CHARACTERS_MAX = 10_240
VALUES = {
    "AWS::Partition": "aws",
    "AWS::Region": "eu-central-1",
    "AWS::AccountId": "123456789012",
    "Environment": "production",
    # As many as the parameter may have.
    "CustomerKeys": [
        f"arn:aws:kms:eu-central-1:111122223333:key/mrk-{number:032x}" for number in range(40)
    ],
}


class Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms."""


def short_form(loader, tag, node):
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {tag: value}


Loader.add_multi_constructor("!", short_form)


def resolved(value, template):
    """The value with its intrinsic functions replaced by what a deployment could put there."""
    if isinstance(value, list):
        return [resolved(item, template) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        [(name, of)] = value.items()
        if name == "Sub":
            return re.sub(r"\$\{([^}]+)\}", lambda found: reference(found.group(1), template), of)
        if name in ("Ref", "GetAtt"):
            return reference(of, template)
        if name == "If":
            # The branch with more in it.
            return resolved(of[1], template)
        if name == "FindInMap":
            return template["Mappings"][of[0]][of[1]][of[2]]
    return {key: resolved(item, template) for key, item in value.items()}


def reference(name, template):
    resource, _, attribute = name.partition(".")
    if attribute == "Arn":
        kind = template["Resources"][resource]["Type"]
        return {
            "AWS::Logs::LogGroup": "arn:aws:logs:eu-central-1:123456789012:log-group:/m1autoposter",
            "AWS::S3::Bucket": "arn:aws:s3:::m1autoposter-media",
            "AWS::SQS::Queue": "arn:aws:sqs:eu-central-1:123456789012:m1autoposter",
        }[kind]
    return VALUES.get(name, "m1autoposter")


def policies(template):
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::IAM::Role":
            for policy in resource["Properties"].get("Policies", []):
                yield name, resolved(policy["PolicyDocument"], template)


def main(paths):
    faults = 0
    for path in paths:
        with open(path, encoding="utf-8") as file:
            template = yaml.load(file, Loader)  # noqa: S506 (a safe loader with tags)
        for name, policy in policies(template):
            text = json.dumps(policy, separators=(",", ":"))
            findings = [str(finding) for finding in analyze_policy_string(text).findings]
            if len(text) > POLICY_CHARACTERS_MAX:
                findings.append(f"{len(text)} characters are more than a role can have")
            for finding in findings:
                print(f"{path}: {name}: {finding}", file=sys.stderr)
            faults += len(findings)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
