"""The stage on which the story plays: the deployed platform as its clients and its clock see it."""
import json
import time
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from chalicelib.domain.business_day import SHANGHAI
from infra.local.client import StepFailed

RUN_SECONDS_MAX = 90
POLL_SECONDS = 0.2
MACHINES = {"settlement": "SettlementMachine", "reconciliation": "ReconciliationMachine", "reporting": "ReportingMachine"}


class Registry(Protocol):
    def control(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]: ...


class Deployed(Protocol):
    outputs: dict[str, str]

    @property
    def url(self) -> str: ...

    @property
    def sandbox(self) -> Registry: ...

    def client(self, service: str) -> Any: ...


@dataclass
class Stage:
    platform: Deployed

    @property
    def url(self) -> str:
        return self.platform.url

    def sandbox(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        return self.platform.sandbox.control(method, path, body)

    def now(self) -> datetime:
        return datetime.fromisoformat(self.sandbox("GET", "clock")["now"]).astimezone(SHANGHAI)

    def move_to(self, day: date, hour: int, minute: int = 0) -> None:
        at = datetime(day.year, day.month, day.day, hour, minute, tzinfo=SHANGHAI)
        self.sandbox("POST", "clock", {"to": at.isoformat()})

    def advance(self, by: timedelta) -> None:
        self.sandbox("POST", "clock", {"advance_seconds": int(by.total_seconds())})

    def run(self, machine: str, day: date) -> dict[str, Any]:
        """Fire the deployed rule for a business date and wait for the state machine: its output."""
        arn = self.platform.outputs[MACHINES[machine]]
        known = {one["executionArn"] for one in self._executions(arn)}
        event = {
            "Source": "fangxinchong.clock",
            "DetailType": f"{machine}.requested",
            "Detail": json.dumps({"business_date": day.isoformat()}),
        }
        self.platform.client("events").put_events(Entries=[event])
        deadline = time.monotonic() + RUN_SECONDS_MAX
        while time.monotonic() < deadline:
            ended = [one for one in self._executions(arn) if one["executionArn"] not in known and one["status"] != "RUNNING"]
            if ended:
                return self._output(ended[0])
            time.sleep(POLL_SECONDS)
        raise StepFailed(f"{machine} of {day} did not end within {RUN_SECONDS_MAX} s")

    def _executions(self, arn: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.platform.client("stepfunctions").list_executions(stateMachineArn=arn)["executions"]
        return found

    def _output(self, execution: dict[str, Any]) -> dict[str, Any]:
        described = self.platform.client("stepfunctions").describe_execution(executionArn=execution["executionArn"])
        if described["status"] != "SUCCEEDED":
            raise StepFailed(f"{execution['executionArn']} ended as {described['status']}: {described.get('cause', '')[:400]}")
        output: dict[str, Any] = json.loads(described["output"])
        return output

    def sweep(self) -> dict[str, Any]:
        """What the scheduler does every minute."""
        return self._invoke("SweepFunction")

    def index_merchants(self) -> dict[str, Any]:
        """What the scheduler does every ten minutes."""
        return self._invoke("SearchFunction")

    def _invoke(self, function: str) -> dict[str, Any]:
        said = self.platform.client("lambda").invoke(FunctionName=self.platform.outputs[function], Payload=b"{}")
        output: dict[str, Any] = json.loads(said["Payload"].read())
        if said.get("FunctionError"):
            raise StepFailed(f"{function} failed: {output}")
        return output

    def wait_for(self, what: str, probe: Any, seconds: float = 20) -> Any:
        """Ask until `probe()` answers something true."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = probe()
            if found:
                return found
            time.sleep(POLL_SECONDS)
        raise StepFailed(f"{what} did not happen within {seconds:.0f} s")
