"""A consumer's own data: profile, login identities, a copy of everything, the end of it."""

from typing import Annotated, Any, Literal

from chalice.app import Blueprint
from pydantic import Field

from chalicelib.api import cards, cursors, orders
from chalicelib.api.cards import CONSUMER, CardView, TransferView, card_view, transfer_view
from chalicelib.api.http import Call, Reply, endpoint
from chalicelib.api.models import Body, View, rfc3339
from chalicelib.api.orders import OrderView, order_view
from chalicelib.api.redemptions import RedemptionView, redemption_view
from chalicelib.api.refunds import RefundView, refund_view
from chalicelib.api.sessions import LoginCode
from chalicelib.domain.audit import AuditEntry
from chalicelib.domain.consumer import Channel, LinkedIdentity
from chalicelib.domain.refusals import absent
from chalicelib.operations import consumers, personal
from chalicelib.operations.attempts import Done
from chalicelib.operations.consumers import Profile
from chalicelib.operations.personal import Everything, History

routes = Blueprint(__name__)

Phone = Annotated[str, Field(max_length=11, pattern=r"^(1[3-9][0-9]{9})?$", description="a mainland mobile number, or nothing")]
Nickname = Annotated[str, Field(max_length=30, pattern=r"^[^\x00-\x1f\x7f<>]*$")]


class IdentityView(View):
    channel: str
    linked_at: str


class SubjectView(IdentityView):
    """`subject`: your id at the channel."""

    subject: str


class ConsumerView(View):
    """In clear, to nobody but the person. `phone_verified`: a channel vouches for it. `id_number_tail`: the last four, more of an
    ID number is not kept."""

    consumer_id: str
    registered_at: str
    nickname: str
    phone: str
    phone_verified: bool
    name: str
    id_number_tail: str
    real_name_verified: bool
    real_name_level: str
    identities: list[IdentityView]


class ProfileChange(Body):
    """What is not given stays; an empty text takes away."""

    phone: Phone | None = None
    nickname: Nickname | None = None


class NewIdentity(Body):
    channel: Channel
    code: LoginCode


class LinkView(View):
    channel: str
    linked: bool


class Erasure(Body):
    confirm: Literal["erase"]


class ErasedView(View):
    """What stays under the id alone: transfers, orders and refunds, as long as the law has them kept."""

    consumer_id: str
    state: str
    erased_at: str
    kept_years: int = 5


class HistoryView(View):
    card_id: str
    transfers: list[TransferView]
    redemptions_not_posted: list[RedemptionView]
    refunds: list[RefundView]


class EventView(View):
    at: str
    action: str
    before: str
    after: str


class CutView(View):
    """`route`: where the rest is."""

    what: str
    route: str


class ExportView(View):
    profile: ConsumerView
    identities: list[SubjectView]
    cards: list[CardView]
    histories: list[HistoryView]
    orders: list[OrderView]
    events: list[EventView]
    cut: list[CutView]


def consumer_view(profile: Profile) -> ConsumerView:
    own = profile.consumer
    return ConsumerView(
        consumer_id=own.consumer_id,
        registered_at=rfc3339(own.registered_at),
        nickname=profile.nickname,
        phone=profile.phone,
        phone_verified=bool(own.phone_from),
        name=profile.name,
        id_number_tail=profile.id_tail,
        real_name_verified=bool(own.real_name_from),
        real_name_level=own.real_name_level,
        identities=[IdentityView(channel=channel, linked_at=rfc3339(at)) for channel, _, at in profile.identities],
    )


@endpoint(routes, "GET", "/v1/consumers/me", "My own data", who=CONSUMER, answer=ConsumerView)
def show(call: Call) -> Any:
    return consumer_view(consumers.profile(call.caller.principal_id))


@endpoint(
    routes, "PATCH", "/v1/consumers/me", "Change my phone or nickname", who=CONSUMER, body=ProfileChange, answer=ConsumerView
)
def change(call: Call) -> Any:
    consumers.describe(call.caller.principal_id, call.body.phone, call.body.nickname)
    return consumer_view(consumers.profile(call.caller.principal_id))


@endpoint(
    routes,
    "POST",
    "/v1/consumers/me/identities",
    "Link another login: my token, and a fresh code of the other channel",
    who=CONSUMER,
    body=NewIdentity,
    answer=LinkView,
    status=201,
)
def link(call: Call) -> Any:
    return _linked(consumers.link(call.caller.principal_id, call.body.channel, call.body.code, call.trace))


@endpoint(
    routes,
    "POST",
    "/v1/consumers/me/identities/{channel}/unlink",
    "Take a login away; not the last one",
    who=CONSUMER,
    answer=LinkView,
)
def unlink(call: Call, channel: str) -> Any:
    if channel not in list(Channel):
        raise absent("绑定", "identity")
    return _linked(consumers.unlink(call.caller.principal_id, Channel(channel), call.trace))


def _linked(done: Done[LinkedIdentity]) -> Reply:
    return Reply(LinkView(channel=done.answer.channel, linked=done.answer.linked), replayed=done.replayed)


@endpoint(
    routes, "GET", "/v1/consumers/me/export", "Everything about me, as one document", who=CONSUMER, answer=ExportView
)
def export(call: Call) -> Any:
    told = personal.export(call.caller.principal_id)
    return ExportView(
        profile=consumer_view(told.profile),
        identities=[
            SubjectView(channel=channel, linked_at=rfc3339(at), subject=subject)
            for channel, subject, at in told.profile.identities
        ],
        cards=[card_view(card) for card in told.cards],
        histories=[_history_view(history) for history in told.histories],
        orders=[order_view(order) for order in told.orders],
        events=[_event_view(event) for event in told.events],
        cut=_cut(told),
    )


def _history_view(history: History) -> HistoryView:
    return HistoryView(
        card_id=history.card.card_id,
        transfers=[transfer_view(row) for row in history.transfers],
        redemptions_not_posted=[redemption_view(one) for one in history.redemptions],
        refunds=[refund_view(one) for one in history.refunds],
    )


def _event_view(event: AuditEntry) -> EventView:
    return EventView(at=rfc3339(event.at), action=event.action, before=event.before, after=event.after)


def _cut(told: Everything) -> list[CutView]:
    def route(path: str, scope: str, position: str) -> str:
        return f"{path}?cursor={cursors.seal(scope, position)}"

    cut = []
    for history in told.histories:
        if history.more:
            card_id, last = history.card.card_id, history.transfers[-1].transfer.seq
            cut.append(CutView(what="transfers", route=route(f"/v1/cards/{card_id}/transfers", card_id, str(last))))
    cut += [CutView(what="transfers", route=f"/v1/cards/{card.card_id}/transfers") for card in told.untold]
    if told.more_cards:
        cut.append(CutView(what="cards", route=f"/v1/cards?cursor={cards.cursor_after(told.cards[-1])}"))
    if told.more_orders:
        cut.append(CutView(what="orders", route=f"/v1/orders?cursor={orders.cursor_after(told.orders[-1])}"))
    return cut


@endpoint(
    routes,
    "POST",
    "/v1/consumers/me/erase",
    "Erase me: refused while there is value on cards",
    who=CONSUMER,
    body=Erasure,
    answer=ErasedView,
)
def erase(call: Call) -> Any:
    done = personal.erase(call.caller.principal_id, call.trace)
    erased = done.answer
    assert erased.ended_at is not None
    view = ErasedView(consumer_id=erased.consumer_id, state=erased.state, erased_at=rfc3339(erased.ended_at))
    return Reply(view, replayed=done.replayed)
