"""Where a deployment to MiniStack 1.5.33 differs from one to AWS: each is looked for, so that it is forgotten once the
emulator has learnt it, and made up for.

What differs for policies is in emulator.py; what differs while it runs, in the tests that meet it.
"""

import json

EVERY_METHOD = "x-amazon-apigateway-any-method"


def make_up_for_all(aws, stack):
    for difference in (routes_are_not_made, numbers_of_parameters_stay_texts, removal_by_time_is_off):
        was_there = difference(aws, stack)
        if not was_there:
            raise SystemExit(f"The emulator no longer differs: {difference.__doc__} Remove {difference.__name__}.")
        print(f"  made up for: {difference.__doc__}")


def routes_are_not_made(aws, stack):
    """The routes of an HTTP API's document (`Body`) are not made."""
    api = stack["ApiEndpoint"].split("//")[1].split(".")[0]
    gateway = aws("apigatewayv2")
    if gateway.get_routes(ApiId=api)["Items"]:
        return False
    template = aws("cloudformation").get_template(StackName="m1autoposter", TemplateStage="Processed")["TemplateBody"]
    resources = (json.loads(template) if isinstance(template, str) else template)["Resources"]
    functions = {
        entry["LogicalResourceId"]: entry["PhysicalResourceId"]
        for entry in aws("cloudformation").describe_stack_resources(StackName="m1autoposter")["StackResources"]
        if entry["ResourceType"] == "AWS::Lambda::Function"
    }
    for path, methods in resources["Api"]["Properties"]["Body"]["paths"].items():
        for method, operation in methods.items():
            integration = operation["x-amazon-apigateway-integration"]
            function = integration["uri"]["Fn::Sub"].split("functions/${")[1].split(".Arn}")[0]
            made = gateway.create_integration(
                ApiId=api,
                IntegrationType="AWS_PROXY",
                IntegrationUri=aws("lambda").get_function(FunctionName=functions[function])["Configuration"]["FunctionArn"],
                PayloadFormatVersion=integration["payloadFormatVersion"],
            )
            verb = "ANY" if method == EVERY_METHOD else method.upper()
            gateway.create_route(
                ApiId=api,
                RouteKey="$default" if path == "$default" else f"{verb} {path}",
                Target=f"integrations/{made['IntegrationId']}",
            )
    return True


def numbers_of_parameters_stay_texts(aws, _stack):
    """A number that comes from a parameter stays a text, so no queue starts its function (`MaximumConcurrency`)."""
    functions = aws("lambda")
    for mapping in functions.list_event_source_mappings()["EventSourceMappings"]:
        functions.update_event_source_mapping(
            UUID=mapping["UUID"],
            ScalingConfig={"MaximumConcurrency": int(mapping["ScalingConfig"]["MaximumConcurrency"])},
        )
    return True


def removal_by_time_is_off(aws, stack):
    """`TimeToLiveSpecification` of a table is ignored."""
    table = aws("dynamodb")
    found = table.describe_time_to_live(TableName=stack["TableName"])["TimeToLiveDescription"]
    if found["TimeToLiveStatus"] == "ENABLED":
        return False
    table.update_time_to_live(
        TableName=stack["TableName"], TimeToLiveSpecification={"AttributeName": "exp", "Enabled": True}
    )
    return True
