"""The whole platform on one machine: sandbox of the counterparts, emulator of the cloud, the packaged template deployed on it.

    with Platform(Path(".local/state"), persist=False, port=None) as platform:
        platform.url, platform.sandbox_url, platform.outputs, platform.client("dynamodb")
"""
import contextlib
import fcntl
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

import boto3  # type: ignore[import-untyped]
import urllib3

from infra.build import BuildFailed, build
from infra.local import left_over, prerequisites
from infra.local.deployment import Cloud, deploy, put_secret
from infra.local.emulator import ROOT, Emulator, EmulatorSettings
from infra.local.failure import PlatformFailed
from infra.local.proxy import Proxy
from infra.local.sandbox.process import SandboxProcess

GATEWAY_STAGE = "api"
FIRST_CALL_SECONDS_MAX = 30


def _print(line: str) -> None:
    with contextlib.suppress(BrokenPipeError):
        print(line, flush=True)


class Platform:
    """Raises PlatformFailed with one sentence for a person; what was started before is stopped then."""

    def __init__(
        self, state_dir: Path, persist: bool, port: int | None = None, *,
        schedules: bool = False, wait_scale: float = 1.0, tell: Callable[[str], None] = _print,
    ) -> None:
        self.state_dir = state_dir.resolve()
        self.persist = persist
        self.clock_file = self.state_dir / "clock"
        self.outputs: dict[str, str] = {}
        self._tell = tell
        self._port = port
        self._schedules = schedules
        self._wait_scale = wait_scale
        self._stops: list[Callable[[], None]] = []

    def __enter__(self) -> "Platform":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._proxy.port}"

    @property
    def sandbox_url(self) -> str:
        return self.sandbox.url

    @property
    def emulator_url(self) -> str:
        return self._emulator.url

    def session(self) -> boto3.Session:
        return Cloud(self._emulator.url).session()

    def client(self, name: str) -> Any:
        return Cloud(self._emulator.url).client(name)

    def start(self) -> "Platform":
        try:
            self._start()
        except BuildFailed as failure:
            self.stop()
            raise PlatformFailed(str(failure)) from failure
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Ends, in the opposite order, what start() has started; a second call does nothing."""
        while self._stops:
            self._stops.pop()()

    def _start(self) -> None:
        prerequisites.check(self._port)
        self._occupy()
        if not self.persist:
            self._begin_anew()
        settings = EmulatorSettings(
            self.state_dir / "emulator", prerequisites.free_port(), self.persist, self.clock_file, self._wait_scale
        )
        self._emulator = Emulator(settings)
        left_over.remember(self._pid_file("emulator"), self._emulator.start())
        self._stops.append(self._stop_emulator)
        with self._step("sandbox of the counterparts"):
            try:
                self.sandbox = SandboxProcess.start(self.state_dir / "sandbox", self.clock_file)
            except RuntimeError as error:
                raise PlatformFailed(str(error)) from error
            left_over.remember(self._pid_file("sandbox"), self.sandbox.process.pid)
            self._stops.append(self._stop_sandbox)
        with self._step("build"):
            self.build = build("local", ROOT / ".local" / "build" / "local", lambda line: self._tell(f"  {line}"))
        with self._step("emulator"):
            self._emulator.wait_until_ready()
        self._proxy = Proxy(self._port or prerequisites.free_port(), self._target)
        with self._step("deploy the template"):
            self._deploy()
        self._proxy.start()
        self._stops.append(self._proxy.stop)
        with self._step("first request"):
            self._first_request()

    def _deploy(self) -> None:
        cloud, sandbox = Cloud(self._emulator.url), self.sandbox.url
        parameters = {
            "PublicUrl": self.url,
            "WechatUrl": f"{sandbox}/wechat",
            "WechatPayUrl": f"{sandbox}/wechat-pay",
            "UnionpayUrl": f"{sandbox}/unionpay",
            "ZhelibanUrl": f"{sandbox}/zheliban",
            "YongpaiUrl": f"{sandbox}/yongpai",
            "CustodianUrl": f"{sandbox}/custodian",
            "BusinessRegistryUrl": f"{sandbox}/registry",
            "RegulatorUrl": f"{sandbox}/regulator",
            "Schedules": "ENABLED" if self._schedules else "DISABLED",
        }
        self.outputs = deploy(cloud, self.build, parameters)
        put_secret(cloud, self.outputs["CounterpartsSecret"], self.sandbox.credentials())

    def _first_request(self) -> None:
        """A cold start, so that no client pays for it; any answer below 500 says that the door is open."""
        answer = urllib3.request("GET", f"{self.url}/v1/health", timeout=FIRST_CALL_SECONDS_MAX, retries=False)
        if answer.status >= 500:
            said = answer.data.decode()[:300]
            raise PlatformFailed(f"GET /v1/health answered {answer.status}: {said}; {self._emulator.log} may say why.")

    def _target(self) -> tuple[int, str]:
        return self._emulator.settings.port, f"/restapis/{self.outputs['ApiId']}/{GATEWAY_STAGE}/_user_request_"

    def _pid_file(self, name: str) -> Path:
        return self.state_dir / f"{name}.pid"

    def _stop_sandbox(self) -> None:
        self.sandbox.stop()
        self._pid_file("sandbox").unlink(missing_ok=True)

    def _stop_emulator(self) -> None:
        started = time.monotonic()
        self._emulator.stop()
        self._pid_file("emulator").unlink(missing_ok=True)
        if self.persist:
            self._tell(f"data saved, {time.monotonic() - started:.1f} s")

    def _occupy(self) -> None:
        """One platform per state directory; without persistence it begins empty."""
        self.state_dir.mkdir(parents=True, exist_ok=True)
        self._lock: TextIO = (self.state_dir / "lock").open("w", encoding="ascii")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.close()
            raise PlatformFailed(f"A platform is running on {self.state_dir} already; stop it first (Ctrl-C).") from None
        self._stops.append(self._lock.close)
        left_over.end(self._pid_file("emulator"), "ministack")
        left_over.end(self._pid_file("sandbox"), "infra.local.sandbox")
        marker = self.state_dir / "running"
        if not self.persist:
            self._empty()
        elif marker.exists():
            self._tell("The last platform here was killed: what it did after its start is lost; `make reset` begins anew.")
        marker.touch()
        self._stops.append(lambda: marker.unlink(missing_ok=True))

    def _begin_anew(self) -> None:
        """The sandbox's books and the clock of an earlier run belong to a world that is gone."""
        shutil.rmtree(self.state_dir / "sandbox", ignore_errors=True)
        self.clock_file.unlink(missing_ok=True)

    def _empty(self) -> None:
        for old in self.state_dir.iterdir():
            if old.is_dir():
                shutil.rmtree(old)
            elif old.name != "lock":
                old.unlink()

    def _step(self, name: str) -> "_Step":
        return _Step(name, self._tell)


class _Step:
    """Tells what took how long."""

    def __init__(self, name: str, tell: Callable[[str], None]) -> None:
        self._name, self._tell = name, tell

    def __enter__(self) -> None:
        self._started = time.monotonic()
        self._tell(f"{self._name} ...")

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self._tell(f"{self._name}: {time.monotonic() - self._started:.1f} s")
