"""The function that draws posters, called and waited for."""

import json
from functools import lru_cache
from typing import Any

from chalicelib.gateways.outcomes import Unknown

CONNECT_SECONDS_MAX = 2
READ_SECONDS_MAX = 11
"""The function may take 10 s, the API 15."""

BUSY = frozenset({"TooManyRequestsException", "ServiceException", "EC2ThrottledException", "ResourceNotReadyException"})


class Printer:
    def __init__(self, client: Any, function: str) -> None:
        self._client = client
        self._function = function

    def draw(self, poster: dict[str, Any]) -> dict[str, Any] | Unknown:
        """What the function returned. RuntimeError when it failed: that is a failure of ours."""
        from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped,unused-ignore]

        asked = json.dumps({"task": "draw", "poster": poster}).encode()
        try:
            answer = self._client.invoke(FunctionName=self._function, InvocationType="RequestResponse", Payload=asked)
            said: dict[str, Any] = json.loads(answer["Payload"].read())
        except BotoCoreError as error:
            return Unknown(type(error).__name__)
        except ClientError as error:
            if error.response["Error"]["Code"] in BUSY:
                return Unknown(error.response["Error"]["Code"])
            raise
        if "FunctionError" in answer:
            raise RuntimeError(f"the function that draws posters failed: {said.get('errorType')}")
        return said


@lru_cache(maxsize=1)
def connect() -> Printer:
    import botocore.session  # type: ignore[import-untyped,unused-ignore]
    from botocore.config import Config  # type: ignore[import-untyped,unused-ignore]

    from chalicelib import config

    limits = Config(connect_timeout=CONNECT_SECONDS_MAX, read_timeout=READ_SECONDS_MAX, retries={"total_max_attempts": 1})
    client = botocore.session.get_session().create_client("lambda", config=limits)
    return Printer(client, config.posters_function())
