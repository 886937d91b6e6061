"""Serves the sandbox until it is told to stop (SIGINT or SIGTERM)."""
import argparse
import signal
import sys
from pathlib import Path

import waitress  # type: ignore[import-untyped,unused-ignore]

from infra.local.sandbox.app import make_app
from infra.local.sandbox.backoffice import catch_up
from infra.local.sandbox.world import World

THREADS = 24
PROCESSING_MS = 300


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m infra.local.sandbox", description="The counterparts.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--state", type=Path, required=True, help="directory of books and keys")
    parser.add_argument("--clock", type=Path, required=True, help="file: seconds added to the real clock")
    parser.add_argument("--processing-ms", type=int, default=PROCESSING_MS, help="of a payout or a refund")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    world = World.open(asked.state, asked.clock, asked.processing_ms)
    world.courier.before_each_round = lambda: catch_up(world)
    world.courier.start()
    server = waitress.create_server(make_app(world), host="127.0.0.1", port=asked.port, threads=THREADS)
    try:
        server.run()
    except (KeyboardInterrupt, SystemExit):
        pass
    finally:
        world.close()


if __name__ == "__main__":
    main()
