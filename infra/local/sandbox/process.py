"""Starts the sandbox as a process of its own, waits until it answers, and ends it by its pid."""
import json
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import urllib3

START_SECONDS_MAX = 20
ROOT = Path(__file__).resolve().parents[3]


@dataclass
class SandboxProcess:
    port: int
    state: Path
    process: "subprocess.Popen[bytes]"

    @classmethod
    def start(cls, state: Path, clock_file: Path, port: int = 0, log: Path | None = None) -> "SandboxProcess":
        """Port 0 takes a free one. Raises RuntimeError when the sandbox ends or does not answer in 20 s."""
        port = port or free_port()
        state.mkdir(parents=True, exist_ok=True)
        with (log or state / "sandbox.log").open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "infra.local.sandbox", "--port", str(port), "--state", str(state),
                 "--clock", str(clock_file)],
                cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            )
        started = cls(port, state, process)
        started._wait()
        return started

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def credentials(self) -> dict[str, dict[str, str]]:
        loaded: dict[str, dict[str, str]] = json.loads((self.state / "credentials.json").read_text())
        return loaded

    def control(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """One call to /control. Raises RuntimeError with the sandbox's words when it declines."""
        answer = urllib3.request(method, f"{self.url}/control/{path}", json=body, timeout=10, retries=False)
        if answer.status != 200:
            raise RuntimeError(f"{method} {path}: {answer.status} {answer.data.decode()[:300]}")
        said: dict[str, Any] = answer.json()
        return said

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if urllib3.request("GET", f"{self.url}/health", timeout=2, retries=False).status == 200:
                    return
            except urllib3.exceptions.HTTPError:
                time.sleep(0.05)
        self.stop()
        raise RuntimeError(f"the sandbox did not start on port {self.port}; its log is in {self.state}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
