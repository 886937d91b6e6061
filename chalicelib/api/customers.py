"""What a merchant's staff is shown of a consumer: a masked nickname and phone, and only when it looks at one thing of theirs."""

from chalicelib.api.models import CustomerView
from chalicelib.domain.principal import Principal, Role
from chalicelib.operations import consumers


def customer_view(consumer_id: str, viewer: Principal) -> CustomerView | None:
    if viewer.role is Role.CONSUMER:
        return None
    masked = consumers.masked(consumer_id)
    return CustomerView(nickname=masked.nickname, phone=masked.phone) if masked else None
