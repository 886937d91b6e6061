"""A client as a mini-program or a till would be: HTTPS calls with a token and keys, and nothing else."""
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pyotp
import urllib3

TIMEOUT_SECONDS = 30


class StepFailed(Exception):
    """A call was not answered as the story needs it."""


@dataclass
class Answer:
    status: int
    headers: Any
    text: str
    json: Any


@dataclass
class Client:
    """One person at one device. `ms` adds up the time of its calls."""

    url: str
    name: str
    token: str = ""
    calls: int = 0
    ms: float = 0.0
    keys: int = 0
    pool: urllib3.PoolManager = field(default_factory=lambda: urllib3.PoolManager(retries=False, timeout=TIMEOUT_SECONDS))

    def new_key(self) -> str:
        self.keys += 1
        return f"{self.name}-{self.keys:06d}"

    def send(self, method: str, path: str, body: Any = None, key: str | None = None) -> Answer:
        headers = {"Accept": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if method == "POST":
            headers["Idempotency-Key"] = key or self.new_key()
        if method in ("POST", "PATCH"):
            headers["Content-Type"] = "application/json"
        started = time.perf_counter()
        said = self.pool.request(method, self.url + path, headers=headers, json=body if body is not None else None)
        self.ms += (time.perf_counter() - started) * 1000
        self.calls += 1
        text = said.data.decode()
        parsed = said.json() if "json" in said.headers.get("Content-Type", "") else None
        return Answer(said.status, said.headers, text, parsed)

    def expect(self, status: int, method: str, path: str, body: Any = None, key: str | None = None) -> Any:
        """The parsed answer (its text if it is not JSON); StepFailed with the problem for any other status."""
        answer = self.send(method, path, body, key)
        if answer.status != status:
            raise StepFailed(f"{self.name}: {method} {path} answered {answer.status}, not {status}: {answer.text[:400]}")
        return answer.json if answer.json is not None else answer.text

    def get(self, path: str) -> Any:
        return self.expect(200, "GET", path)

    def put(self, upload: dict[str, Any], content: bytes) -> None:
        """The bytes of a file, to the address that was signed for them."""
        said = self.pool.request("PUT", upload["url"], headers=upload["headers"], body=content)
        if said.status != 200:
            raise StepFailed(f"{self.name}: the file was answered {said.status}: {said.data.decode()[:400]}")

    def fetch(self, url: str) -> bytes:
        """A file, from the address that was signed for it."""
        said = self.pool.request("GET", url)
        if said.status != 200:
            raise StepFailed(f"{self.name}: the file was answered {said.status}: {said.data.decode()[:400]}")
        return said.data

    def post(self, path: str, body: Any = None, status: int = 200, key: str | None = None) -> Any:
        return self.expect(status, "POST", path, body, key)


@dataclass
class StaffClient(Client):
    """A person who logs in with user name, password and authenticator."""

    username: str = ""
    password: str = ""
    totp_secret: str = ""

    def log_in(self, now: datetime) -> None:
        totp = pyotp.TOTP(self.totp_secret).at(now)
        self.token = ""
        body = {"username": self.username, "password": self.password, "totp": totp}
        self.token = self.post("/v1/sessions", body, 201)["token"]

    def activate(self, activation_code: str) -> None:
        body = {"username": self.username, "activation_code": activation_code, "password": self.password}
        self.totp_secret = self.post("/v1/staff-activations", body, 201)["totp_secret"]
