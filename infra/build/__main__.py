import argparse
import sys
from pathlib import Path

from infra.build import STAGES, BuildFailed, build


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.build", description="Makes the template and the code package.")
    parser.add_argument("--stage", choices=STAGES, default="local")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    try:
        made = build(arguments.stage, arguments.out, lambda line: print(line, flush=True))
    except BuildFailed as failure:
        print(failure, file=sys.stderr)
        return 1
    print(f"{made.template}\n{made.package}  {made.package.stat().st_size / 1e6:.1f} MB  sha256 {made.digest}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
