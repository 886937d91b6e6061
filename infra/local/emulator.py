"""The emulator of the cloud (MiniStack) as a process of its own, in its own environment, bound to this machine only."""
import contextlib
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import urllib3

from infra.local.failure import PlatformFailed

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".local" / "emulator" / "bin" / "python"
START_SECONDS_MAX = 30
STOP_SECONDS_MAX = 30
REGION = "us-east-1"
ACCESS_KEY = "test"


@dataclass(frozen=True)
class EmulatorSettings:
    state: Path
    port: int
    persist: bool
    clock_file: Path
    wait_scale: float = 1.0
    """0 skips the waiting states of workflows and the pauses between their retries"""


class Emulator:
    def __init__(self, settings: EmulatorSettings) -> None:
        self.settings = settings
        self.url = f"http://127.0.0.1:{settings.port}"
        self.log = settings.state / "emulator.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> int:
        """Returns its pid at once; wait_until_ready() tells whether it came up."""
        state = self.settings.state
        shutil.rmtree(state / "tmp", ignore_errors=True)
        for folder in ("tmp", "data", "objects"):
            (state / folder).mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [str(PYTHON), "-m", "ministack"], cwd=state, env=_environment(self.settings),
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
            )
        return self._process.pid

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < deadline and self._process and self._process.poll() is None:
            try:
                if urllib3.request("GET", f"{self.url}/_ministack/health", timeout=2, retries=False).status == 200:
                    return
            except urllib3.exceptions.HTTPError:
                time.sleep(0.05)
        self.stop()
        raise PlatformFailed(f"The emulator did not start on port {self.settings.port}; {self.log} says why.")

    def stop(self) -> None:
        """With `persist`, waits until everything is written; without, there is nothing to write."""
        if not self._process:
            return
        if self.settings.persist:
            self._process.terminate()
        else:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        try:
            self._process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None
        shutil.rmtree(self.settings.state / "tmp", ignore_errors=True)


def _environment(settings: EmulatorSettings) -> dict[str, str]:
    """Everything here is inherited by the local Lambdas, so nothing else of the machine's environment is in it."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    persist = "1" if settings.persist else "0"
    scale: dict[str, Any] = {} if settings.wait_scale == 1.0 else {"SFN_WAIT_SCALE": f"{settings.wait_scale:g}"}
    return kept | scale | {
        "GATEWAY_PORT": str(settings.port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "AUTH": "true",
        "PERSIST_STATE": persist,
        "S3_PERSIST": persist,
        "STATE_DIR": str(settings.state / "data"),
        "S3_DATA_DIR": str(settings.state / "objects"),
        "TMPDIR": str(settings.state / "tmp"),
        "LOG_LEVEL": "WARNING",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": ACCESS_KEY,
        "CLOCK_OFFSET_FILE": str(settings.clock_file),
    }
