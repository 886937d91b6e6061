"""WeChat Pay's side of the v3 signatures: checks the merchant's, makes the platform's, and encrypts
resources."""
import base64
import json
import re
import secrets
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from infra.local.sandbox.clock import Clock, stamp

SCHEME = "WECHATPAY2-SHA256-RSA2048"
PARTS = {"mchid", "nonce_str", "signature", "timestamp", "serial_no"}
WINDOW_SECONDS = 300
PROBE = "WECHATPAY/SIGNTEST/"


class WechatSeal:
    def __init__(self, credentials: dict[str, str], platform_key: RSAPrivateKey, clock: Clock) -> None:
        self._given = credentials
        self._platform_key = platform_key
        merchant: Any = serialization.load_pem_private_key(credentials["merchant_private_key"].encode(), None)
        self._merchant_key = merchant.public_key()
        self._clock = clock

    def fault_of_request(self, authorization: str, method: str, target: str, body: bytes) -> str:
        """Why this request is not the merchant's; empty when it is."""
        scheme, _, rest = authorization.partition(" ")
        said = dict(re.findall(r'(\w+)="([^"]*)"', rest))
        if scheme != SCHEME or not said.keys() >= PARTS:
            return "Authorization 格式错误"
        if said["mchid"] != self._given["mchid"] or said["serial_no"] != self._given["merchant_serial"]:
            return "商户号或商户证书序列号有误"
        now = int(self._clock.now().timestamp())
        if not said["timestamp"].isdigit() or abs(int(said["timestamp"]) - now) > WINDOW_SECONDS:
            return "Authorization 已过期"
        lines = [method, target, said["timestamp"], said["nonce_str"]]
        message = "".join(f"{line}\n" for line in lines).encode() + body + b"\n"
        return "" if self._is_merchants(message, said["signature"]) else "签名错误"

    def is_pay_sign(self, parameters: dict[str, str]) -> bool:
        """Whether the merchant signed what the mini-program hands to the WeChat app."""
        lines = (parameters[name] for name in ("app_id", "time_stamp", "nonce_str", "package"))
        return self._is_merchants("".join(f"{line}\n" for line in lines).encode(), parameters["pay_sign"])

    def headers(self, body: bytes) -> dict[str, str]:
        timestamp, nonce = str(int(self._clock.now().timestamp())), secrets.token_hex(16)
        message = f"{timestamp}\n{nonce}\n".encode() + body + b"\n"
        signature = self._platform_key.sign(message, padding.PKCS1v15(), hashes.SHA256())
        return {
            "Wechatpay-Timestamp": timestamp,
            "Wechatpay-Nonce": nonce,
            "Wechatpay-Serial": self._given["platform_public_key_id"],
            "Wechatpay-Signature": base64.b64encode(signature).decode(),
            "Wechatpay-Signature-Type": SCHEME,
        }

    def probe(self, body: bytes) -> dict[str, str]:
        """Headers as WeChat sends them now and then to see whether anybody looks."""
        genuine = self.headers(body)
        return {**genuine, "Wechatpay-Signature": PROBE + genuine["Wechatpay-Signature"]}

    def envelope(self, notice_id: str, event: str, original_type: str, resource: dict[str, Any]) -> bytes:
        nonce = secrets.token_hex(6)
        plain = json.dumps(resource, ensure_ascii=False, separators=(",", ":")).encode()
        key = AESGCM(self._given["apiv3_key"].encode())
        sealed = key.encrypt(nonce.encode(), plain, original_type.encode())
        return json.dumps({
            "id": notice_id,
            "create_time": stamp(self._clock.now()),
            "resource_type": "encrypt-resource",
            "event_type": event,
            "summary": "支付成功" if original_type == "transaction" else "退款通知",
            "resource": {
                "original_type": original_type,
                "algorithm": "AEAD_AES_256_GCM",
                "ciphertext": base64.b64encode(sealed).decode(),
                "associated_data": original_type,
                "nonce": nonce,
            },
        }, ensure_ascii=False, separators=(",", ":")).encode()

    def _is_merchants(self, message: bytes, signature: str) -> bool:
        try:
            self._merchant_key.verify(
                base64.b64decode(signature, validate=True), message, padding.PKCS1v15(), hashes.SHA256()
            )
        except (InvalidSignature, ValueError):
            return False
        return True
