"""Starts a function in new environments, all at once, and prints the answers: cold.py ENDPOINT FUNCTION EVENT_FILE TIMES"""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from client import Aws


def new_version(functions, function, number):
    """A version of the same code: environments that are at work are of others, and go on."""
    # Without a change there is no new version.
    functions.update_function_configuration(FunctionName=function, Description=f"Cold start {number}")
    functions.get_waiter("function_updated_v2").wait(FunctionName=function)
    return functions.publish_version(FunctionName=function)["Version"]


def main():
    endpoint, function, event, times = sys.argv[1:]
    functions = Aws(endpoint)("lambda")
    payload = Path(event).read_bytes()
    versions = [new_version(functions, function, number) for number in range(int(times))]
    if len(set(versions)) != len(versions):
        raise SystemExit(f"Versions share their environments: {versions}")

    def start(version):
        answer = functions.invoke(FunctionName=function, Qualifier=version, Payload=payload)
        return {"error": answer.get("FunctionError"), "answer": json.load(answer["Payload"])}

    with ThreadPoolExecutor(len(versions)) as starters:
        print(json.dumps(list(starters.map(start, versions))))


if __name__ == "__main__":
    main()
