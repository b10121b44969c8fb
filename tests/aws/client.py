"""Clients of the emulator. As a command it starts a function with an event and prints its answer:
client.py ENDPOINT FUNCTION EVENT_FILE"""

import json
import sys
from pathlib import Path

import boto3
from botocore.config import Config

REGION = "eu-central-1"


class Aws:
    """Clients by the names of services."""

    region = REGION

    def __init__(self, endpoint):
        self.endpoint = endpoint
        self.session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)

    def __call__(self, service):
        config = Config(s3={"addressing_style": "path"})
        return self.session.client(service, endpoint_url=self.endpoint, config=config)


def main():
    endpoint, function, event = sys.argv[1:]
    answer = Aws(endpoint)("lambda").invoke(FunctionName=function, Payload=Path(event).read_bytes())
    print(json.dumps({"error": answer.get("FunctionError"), "answer": json.load(answer["Payload"])}))


if __name__ == "__main__":
    main()
