"""Deploys the templates as docs/deploy.md says, doing what `sam deploy --resolve-s3` does: it uploads each function's
zip and the template, with the zips' new addresses, and has CloudFormation make the stack."""

import hashlib
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ARTIFACTS = "artifacts"
ENVIRONMENT = "test"
DOMAIN = "app.example.com"
MAIL_IDENTITY = "example.com"


def deploy(aws, private_servers):
    """Deploys both stacks; answers the outputs of both."""
    data = make_stack(
        aws,
        "m1autoposter-data",
        (ROOT / "infra/data.yaml").read_text(),
        {"Environment": ENVIRONMENT, "Domain": DOMAIN},
    )
    # What docs/deploy.md asks for beforehand.
    aws("sesv2").create_email_identity(EmailIdentity=MAIL_IDENTITY)
    customer_key = aws("kms").create_key(Description="A customer's own")["KeyMetadata"]["Arn"]
    application = make_stack(
        aws,
        "m1autoposter",
        packaged(aws, ROOT / "infra/template.yaml"),
        {
            "Environment": ENVIRONMENT,
            "Domain": DOMAIN,
            "TableName": data["TableName"],
            "KeyId": data["KeyId"],
            "CustomerKeys": customer_key,
            "MediaBucketName": data["MediaBucketName"],
            "AuditBucketName": data["AuditBucketName"],
            "AuditKeyId": data["AuditKeyId"],
            "MailSender": f"post@{MAIL_IDENTITY}",
            "MailIdentity": MAIL_IDENTITY,
            "PrivateServers": private_servers,
        },
    )
    return data | application | {"CustomerKey": customer_key}


def packaged(aws, template):
    """The template with the addresses of its uploaded zips."""

    def uploaded(code_uri):
        archive = (template.parent / code_uri.group(1)).resolve()
        content = archive.read_bytes()
        key = hashlib.sha256(content).hexdigest()
        aws("s3").put_object(Bucket=ARTIFACTS, Key=key, Body=content)
        return f"CodeUri: s3://{ARTIFACTS}/{key}"

    aws("s3").create_bucket(
        Bucket=ARTIFACTS, CreateBucketConfiguration={"LocationConstraint": aws.region}
    )
    return re.sub(r"CodeUri: (\S+)", uploaded, template.read_text())


def make_stack(aws, name, template, parameters):
    """Makes a stack by a change set and answers its outputs."""
    # Longer than a request may hold, as `sam deploy` finds, too.
    key = f"{name}.yaml"
    if name == "m1autoposter":
        aws("s3").put_object(Bucket=ARTIFACTS, Key=key, Body=template.encode())
        body = {"TemplateURL": f"{aws.endpoint}/{ARTIFACTS}/{key}"}
    else:
        body = {"TemplateBody": template}
    stacks = aws("cloudformation")
    change = {"StackName": name, "ChangeSetName": "first"}
    stacks.create_change_set(
        **change,
        **body,
        ChangeSetType="CREATE",
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
    )
    patient = {"Delay": 1, "MaxAttempts": 60}
    stacks.get_waiter("change_set_create_complete").wait(**change, WaiterConfig=patient)
    stacks.execute_change_set(**change)
    try:
        stacks.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig=patient)
    except Exception as error:
        events = stacks.describe_stack_events(StackName=name)["StackEvents"]
        failed = [
            f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason')}"
            for event in events
            if event["ResourceStatus"].endswith("FAILED")
        ]
        raise SystemExit(f"{name} was not made:\n" + "\n".join(failed)) from error
    outputs = stacks.describe_stacks(StackName=name)["Stacks"][0].get("Outputs", [])
    return {output["OutputKey"]: output["OutputValue"] for output in outputs}
