"""Consumers logging in through a channel."""
from datetime import datetime

from chalicelib import ids
from chalicelib.domain.consumer import Consumer, register
from chalicelib.domain.refusals import CounterpartUnknown, NotAuthenticated
from chalicelib.gateways import wechat_login
from chalicelib.gateways.outcomes import Refused, Unknown
from chalicelib.gateways.wechat_login import WechatLogin
from chalicelib.operations.attempts import commit
from chalicelib.store import reads


def log_in_with_wechat(code: str, now: datetime, wechat: WechatLogin | None = None) -> Consumer:
    identity = (wechat or wechat_login.connect()).exchange(code)
    if isinstance(identity, Unknown):
        raise CounterpartUnknown("wechat_unknown", "微信暂无响应，请重试", "WeChat gave no answer, try again with a fresh code")
    if isinstance(identity, Refused):
        raise NotAuthenticated("login_code_invalid", "登录凭证无效或已使用", "this login code is not valid or was used")
    newcomer = Consumer(ids.derived("con", "wechat", identity.openid), "wechat", identity.openid, now)
    return commit(lambda: register(reads.get(Consumer, newcomer.consumer_id), newcomer)).answer
