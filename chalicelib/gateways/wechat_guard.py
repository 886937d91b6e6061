"""The guard around the library `wechatpayv3`: its place for HTTP is taken, and nothing it would believe
goes unchecked.

The library knows WeChat's messages, its request signature, and AES-256-GCM. Left to itself it has no limit
on time or size, believes a signature of any age, asks the network for certificates whenever it meets an
unknown serial, raises a bare Exception for a missing header, and never looks at the signature of an error.
So:

    GuardedCore   stands where the library has its `Core`: the library's calls are sent by our transport
    doubt()       says why a signed message is not to be believed; for answers and for notices alike
    NoAnswer      the only way out of a call that got no genuine answer; WechatPay turns it into Unknown

Only the one platform key we were given is known (public-key mode). A message under another serial is
refused, and no call is made to find out.
"""
import json
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from chalicelib.gateways.outcomes import Unknown
from chalicelib.gateways.signing import is_recent
from chalicelib.gateways.transport import REPLY_BYTES_MAX, Answer, Clock, exchange

SIGNATURE_TYPE = "WECHATPAY2-SHA256-RSA2048"
PROBE_PREFIX = "WECHATPAY/SIGNTEST/"
HEADERS = (
    "Wechatpay-Signature", "Wechatpay-Timestamp", "Wechatpay-Nonce", "Wechatpay-Serial",
    "Wechatpay-Signature-Type",
)


class NoAnswer(Exception):
    """No answer, or none that WeChat Pay can be shown to have given."""


class GuardedCore:
    """What the library needs of its `Core`: `request`, `sign` and `_gate_way`."""

    def __init__(self, core: Any, base_url: str, credentials: Mapping[str, str], clock: Clock) -> None:
        self._core = core
        self._gate_way = base_url.rstrip("/")
        self._mchid = credentials["mchid"]
        self._serial = credentials["merchant_serial"]
        self._platform_key_id = credentials["platform_public_key_id"]
        self._clock = clock

    def sign(self, lines: list[str], *_: Any) -> str:
        signed: str = self._core.sign(lines)
        return signed

    def request(
        self, path: str, method: Any = None, data: Mapping[str, Any] | None = None, skip_verify: bool = False
    ) -> tuple[int, bytes]:
        """Status and body of a genuine answer; `skip_verify` is for files, which carry a hash instead of a
        signature."""
        if not path.startswith("/"):
            raise NoAnswer("an address outside of WeChat Pay")
        verb = method.value if method is not None else "GET"
        body = b"" if data is None else json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()
        answer = exchange(verb, self._gate_way + path, self._headers(verb, path, body), body, REPLY_BYTES_MAX)
        if isinstance(answer, Unknown):
            raise NoAnswer(answer.reason)
        if not (skip_verify and answer.status == 200):
            self._require_genuine(answer)
        return answer.status, answer.body

    def doubt(self, headers: Mapping[str, str], body: bytes, now: datetime) -> tuple[str, str] | None:
        """None when WeChat Pay signed exactly these bytes within 300 s of `now`; else one stable word and
        the detail."""
        named = canonical(headers)
        missing = [name for name in HEADERS if not named.get(name)]
        if missing:
            return "missing_header", f"no {', '.join(missing)}"
        if named["Wechatpay-Signature-Type"] != SIGNATURE_TYPE:
            return "unknown_algorithm", "signed by an algorithm we do not speak"
        if named["Wechatpay-Signature"].startswith(PROBE_PREFIX):
            return "probe", "a signature made wrong on purpose, to see whether we look"
        if named["Wechatpay-Serial"] != self._platform_key_id:
            return "unknown_serial", "signed under a serial that is not the platform key's"
        if not is_recent(named["Wechatpay-Timestamp"], now):
            return "stale", "signed more than 300 s from now"
        try:
            genuine = self._core._verify_signature(named, body.decode())
        except Exception:  # the library raises whatever its parts raise; all of it means: not genuine
            genuine = False
        return None if genuine else ("bad_signature", "the signature does not match the bytes")

    def decrypt(self, headers: Mapping[str, str], body: bytes) -> str | None:
        """The plain text of a notice's resource, or None when it cannot be opened with our key."""
        try:
            plain: str | None = self._core.decrypt_callback(canonical(headers), body)
        except Exception:  # bare exceptions of the library, of base64 and of AES-GCM: it does not open
            return None
        return plain

    def _headers(self, verb: str, path: str, body: bytes) -> dict[str, str]:
        timestamp, nonce = str(int(self._clock().timestamp())), secrets.token_hex(16).upper()
        signed = self.sign([verb, path, timestamp, nonce, body.decode()])
        return {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "User-Agent": "fangxinchong",
            "Wechatpay-Serial": self._platform_key_id,
            "Authorization": (
                f'{SIGNATURE_TYPE} mchid="{self._mchid}",nonce_str="{nonce}",signature="{signed}",'
                f'timestamp="{timestamp}",serial_no="{self._serial}"'
            ),
        }

    def _require_genuine(self, answer: Answer) -> None:
        found = self.doubt(answer.headers, answer.body, self._clock())
        if found:
            raise NoAnswer(f"status {answer.status}, {found[0]}: {found[1]}")


def canonical(headers: Mapping[str, str]) -> dict[str, str]:
    """WeChat's headers under WeChat's spelling and nothing else: the library also looks for other
    spellings."""
    lower = {name.lower(): value for name, value in headers.items()}
    return {name: lower.get(name.lower(), "") for name in HEADERS}


def guarded_client(base_url: str, credentials: Mapping[str, str], clock: Clock) -> tuple[Any, GuardedCore]:
    """The library's client, its core replaced. The constructor makes no network call in public-key mode."""
    from wechatpayv3 import WeChatPay, WeChatPayType  # type: ignore[import-untyped,unused-ignore]

    client = WeChatPay(
        wechatpay_type=WeChatPayType.MINIPROG,
        mchid=credentials["mchid"],
        appid=credentials["appid"],
        private_key=credentials["merchant_private_key"],
        cert_serial_no=credentials["merchant_serial"],
        apiv3_key=credentials["apiv3_key"],
        public_key=credentials["platform_public_key"],
        public_key_id=credentials["platform_public_key_id"],
    )
    core = GuardedCore(client._core, base_url, credentials, clock)
    client._core = core
    return client, core


def own_path(base_url: str, url: str) -> str:
    """The path of `url` below our WeChat Pay address; an address elsewhere is not followed."""
    base, found = urlsplit(base_url.rstrip("/")), urlsplit(url)
    same_host = (found.scheme, found.netloc) == (base.scheme, base.netloc)
    if not same_host or not found.path.startswith(base.path + "/"):
        raise NoAnswer("an address outside of WeChat Pay")
    return found.path[len(base.path):] + (f"?{found.query}" if found.query else "")
