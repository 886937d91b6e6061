"""From a one-use code of a channel to a proof of who is behind it; from a proof to its claim and to what is sealed of it."""

import hashlib
import hmac
from collections.abc import Callable, Mapping

from chalicelib import config, sealing
from chalicelib.domain.consumer import Channel, Proof, SealedProof
from chalicelib.domain.refusals import CounterpartUnknown, NotAuthenticated
from chalicelib.gateways import unionpay_login, wechat_login, yongpai_login, zheliban_login
from chalicelib.gateways.outcomes import Refused, Unknown

Exchange = Callable[[str], Proof | Refused | Unknown]
SUBJECT = "subject"


def prove(channel: Channel, code: str, exchanges: Mapping[Channel, Exchange] | None = None) -> Proof:
    """Asked once: a code is spent by being asked for, so whoever got no answer needs a fresh one."""
    proof = (exchanges or EXCHANGES)[channel](code)
    if isinstance(proof, Unknown):
        raise CounterpartUnknown(
            "channel_unknown",
            "登录渠道暂无响应，请重新获取登录凭证后再试",
            f"{channel} gave no answer, try again with a fresh code",
            facts={"channel": str(channel)},
        )
    if isinstance(proof, Refused):
        raise NotAuthenticated("login_code_invalid", "登录凭证无效或已使用", "this login code is not valid or was used")
    return proof


def claim_of(proof: Proof) -> str:
    """Under our key: nobody who reads the table can try out subjects."""
    said = f"{proof.channel}\0{proof.subject}".encode()
    return hmac.new(config.key_for("identities"), said, hashlib.sha256).hexdigest()


def seal(owner_id: str, wrapped: str, proof: Proof) -> SealedProof:
    def sealed(field: str, text: str) -> str:
        return sealing.seal(owner_id, wrapped, field, text) if text else ""

    return SealedProof(
        channel=proof.channel,
        claim=claim_of(proof),
        subject=sealed(field_of(proof.channel), proof.subject),
        name=sealed("name", proof.name),
        phone=sealed("phone", proof.phone),
        id_tail=sealed("id_tail", proof.id_tail),
        real_name_level=proof.real_name_level,
    )


def field_of(channel: Channel) -> str:
    """Under which name a channel's subject is sealed."""
    return f"{SUBJECT}/{channel}"


def _wechat(code: str) -> Proof | Refused | Unknown:
    told = wechat_login.connect().exchange(code)
    return told if isinstance(told, Refused | Unknown) else Proof(Channel.WECHAT, told.openid)


def _unionpay(code: str) -> Proof | Refused | Unknown:
    told = unionpay_login.connect().exchange(code)
    return told if isinstance(told, Refused | Unknown) else Proof(Channel.UNIONPAY, told.open_id)


def _zheliban(code: str) -> Proof | Refused | Unknown:
    told = zheliban_login.connect().exchange(code)
    if isinstance(told, Refused | Unknown):
        return told
    return Proof(Channel.ZHELIBAN, told.user_id, told.name, told.mobile, told.id_number[-4:], told.level)


def _yongpai(code: str) -> Proof | Refused | Unknown:
    told = yongpai_login.connect().exchange(code)
    return told if isinstance(told, Refused | Unknown) else Proof(Channel.YONGPAI, told.subject, phone=told.phone)


EXCHANGES: Mapping[Channel, Exchange] = {
    Channel.WECHAT: _wechat,
    Channel.UNIONPAY: _unionpay,
    Channel.ZHELIBAN: _zheliban,
    Channel.YONGPAI: _yongpai,
}
