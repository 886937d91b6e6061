"""What must be there before the platform starts; each absence is one sentence and what to do."""
import socket
import sys

from infra.local import emulator
from infra.local.failure import PlatformFailed

PYTHON_MIN = (3, 11)


def check(port: int | None) -> None:
    if sys.version_info < PYTHON_MIN:
        raise PlatformFailed("Python 3.11 or newer is needed; name one with `make PYTHON=...`.")
    if not emulator.PYTHON.exists():
        raise PlatformFailed("The emulator's environment is missing; make it with `make environments`.")
    if port is not None and not _is_free(port):
        raise PlatformFailed(f"Port {port} is in use; stop what listens there, or choose another: PORT=8081.")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
