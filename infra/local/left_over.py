"""Processes of a platform that was killed: the next one on the same state ends them, or they would write over its data."""
import os
import signal
import subprocess
from pathlib import Path


def remember(pid_file: Path, pid: int) -> None:
    pid_file.write_text(str(pid), encoding="ascii")


def end(pid_file: Path, word: str) -> None:
    """Only a process whose command has `word` in it: a pid may have been given to another since."""
    try:
        pid = int(pid_file.read_text(encoding="ascii"))
        if word in _command(pid):
            os.kill(pid, signal.SIGKILL)
    except (FileNotFoundError, ValueError, ProcessLookupError, PermissionError):
        pass
    pid_file.unlink(missing_ok=True)


def _command(pid: int) -> str:
    of_linux = Path(f"/proc/{pid}/cmdline")
    if of_linux.exists():
        return of_linux.read_bytes().replace(b"\0", b" ").decode()
    return subprocess.run(["ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
