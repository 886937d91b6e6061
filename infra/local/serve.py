"""`make serve`: bring the platform up at one address, seed a district the first time, stay until Ctrl-C, keep the data."""
import argparse
import signal
import sys
import threading
import time
from pathlib import Path

from infra.local.failure import PlatformFailed
from infra.local.platform import Platform

STATE = Path(".local/state")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.local.serve", description="The platform, until Ctrl-C.")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--state", type=Path, default=STATE)
    asked = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        with Platform(asked.state, persist=True, port=asked.port, schedules=True) as platform:
            _seed(platform)
            print(_addresses(platform), flush=True)
            stop.wait()
            print("stopping; data is being saved ...", flush=True)
    except PlatformFailed as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


def _seed(platform: Platform) -> None:
    """Writes nothing when the district is there."""
    from infra.local.desk import keep_officials, open_desk
    from infra.local.district import seed

    started = time.monotonic()
    print("district ...", flush=True)
    open_desk(platform)
    stores = seed(platform.sandbox)
    what = f"{stores} stores seeded" if stores else "kept from before"
    print(f"district: {what}, {time.monotonic() - started:.1f} s", flush=True)
    print(f"officials who may log in: {keep_officials(platform.state_dir)}", flush=True)


def _addresses(platform: Platform) -> str:
    return (
        f"\n  API                       {platform.url}"
        f"\n  OpenAPI                   {platform.url}/v1/openapi.json"
        f"\n  counterparts' sandbox     {platform.sandbox_url}  (control routes under /control)"
        f"\n  emulator of the cloud     {platform.emulator_url}"
        "\n\nCtrl-C stops it and keeps the data; `make reset` wipes it.\n"
    )


if __name__ == "__main__":
    sys.exit(main())
