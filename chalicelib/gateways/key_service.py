"""KMS: one data key per person, wrapped under the platform's key of persons and bound to the person by encryption context.

Whoever has the wrapped key but not the right person, or the person but not the wrapped key, gets nothing.
"""

import base64
from functools import lru_cache
from typing import Any

from chalicelib.gateways.outcomes import Unknown

CONNECT_SECONDS_MAX = 2
READ_SECONDS_MAX = 4


class KeyService:
    def __init__(self, client: Any, key_id: str) -> None:
        self._client = client
        self._key_id = key_id

    def new_key(self, owner_id: str) -> tuple[bytes, str] | Unknown:
        """256 bits in clear, and the same wrapped (base64)."""
        from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped,unused-ignore]

        try:
            made = self._client.generate_data_key(KeyId=self._key_id, KeySpec="AES_256", EncryptionContext={"owner": owner_id})
        except (BotoCoreError, ClientError) as error:
            return Unknown(type(error).__name__)
        return made["Plaintext"], base64.b64encode(made["CiphertextBlob"]).decode()

    def unwrap(self, owner_id: str, wrapped: str) -> bytes | Unknown:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            found = self._client.decrypt(
                KeyId=self._key_id, CiphertextBlob=base64.b64decode(wrapped), EncryptionContext={"owner": owner_id}
            )
        except (BotoCoreError, ClientError) as error:
            return Unknown(type(error).__name__)
        key: bytes = found["Plaintext"]
        return key


@lru_cache(maxsize=1)
def connect() -> KeyService:
    import botocore.session  # type: ignore[import-untyped,unused-ignore]
    from botocore.config import Config  # type: ignore[import-untyped,unused-ignore]

    from chalicelib import config

    limits = Config(
        connect_timeout=CONNECT_SECONDS_MAX, read_timeout=READ_SECONDS_MAX, retries={"total_max_attempts": 1}
    )
    client = botocore.session.get_session().create_client("kms", config=limits)
    return KeyService(client, config.settings().personal_key)
