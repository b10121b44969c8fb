"""Runs a command beside a deployment of the whole product to an emulator of AWS: with-deployment.py COMMAND...

Expects the functions' zips in target/lambda (`make package`), the address of a Bluesky server in M1A_PDS_URL, and the
file in which that server looks up names in M1A_PDS_NAMES (tests/pds/names.mjs). The command finds the deployment in
M1A_DEPLOYMENT, a JSON object, and the emulator's address in M1A_AWS_ENDPOINT.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from client import REGION, Aws
from deploy import DOMAIN, deploy
from differences import make_up_for_all

START_SECONDS = 60
STOP_SECONDS = 30


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(folder):
    """Starts the emulator on a free port; answers its process and address."""
    port = free_port()
    endpoint = f"http://127.0.0.1:{port}"
    # Functions inherit it all: no more than needed.
    environment = {
        "PATH": os.environ["PATH"],
        "AUTH": "true",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        # Where functions find the services; in AWS they need not be told.
        "AWS_ENDPOINT_URL": endpoint,
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        # These would listen on every interface.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "M1A_DECISIONS": str(folder / "decisions"),
        "MINISTACK_REGION": REGION,
        "TMPDIR": str(folder),
    }
    process = subprocess.Popen(
        [sys.executable, Path(__file__).with_name("emulator.py")],
        env=environment,
        stdout=(folder / "log").open("w"),
        stderr=subprocess.STDOUT,
        # Functions are its children: all end together.
        start_new_session=True,
    )
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            urllib.request.urlopen(f"{endpoint}/_ministack/health", timeout=5)
            return process, endpoint
        except OSError:
            time.sleep(0.1)
    print((folder / "log").read_text(), file=sys.stderr)
    raise SystemExit("The emulator of AWS did not start.")


def private_servers(pds):
    """The Bluesky server by its address, and by the name that it calls itself on its consent pages."""
    return f"{pds} {pds.replace('127.0.0.1', 'localhost')}"


def stop(process):
    for how in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, how)
            process.wait(STOP_SECONDS)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            pass


def main():
    with tempfile.TemporaryDirectory(prefix="m1a-aws-", ignore_cleanup_errors=True) as folder:
        folder = Path(folder)
        process, endpoint = start(folder)
        try:
            aws = Aws(endpoint)
            began = time.monotonic()
            stack = deploy(aws, private_servers=private_servers(os.environ["M1A_PDS_URL"]))
            print(f"Deployed both stacks in {time.monotonic() - began:.1f} s.", flush=True)
            make_up_for_all(aws, stack)
            # The server asks the product for its document when an account is connected by a consent page.
            names = {f"https://{DOMAIN}": stack["ApiEndpoint"]}
            Path(os.environ["M1A_PDS_NAMES"]).write_text(json.dumps(names))
            deployment = stack | {
                "Endpoint": endpoint,
                "Region": REGION,
                "Decisions": str(folder / "decisions"),
                "Log": str(folder / "log"),
                "PrivateServers": os.environ["M1A_PDS_URL"],
                "Python": sys.executable,
            }
            environment = os.environ | {"M1A_DEPLOYMENT": json.dumps(deployment), "M1A_AWS_ENDPOINT": endpoint}
            outcome = subprocess.run(sys.argv[1:], env=environment, check=False)
            if outcome.returncode:
                log = (folder / "log").read_text().splitlines()
                print("The end of the emulator's log:", *log[-200:], sep="\n", file=sys.stderr)
        finally:
            stop(process)
    raise SystemExit(outcome.returncode)


main()
