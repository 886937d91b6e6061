"""Redemption (核销): asked for by staff (payment code) or by the consumer (store code); nothing moves before consent."""

from typing import Annotated, Any

from chalice.app import Blueprint
from pydantic import Discriminator, RootModel, Tag

from chalicelib import ids, keys
from chalicelib.api.cards import CONSUMER
from chalicelib.api.customers import customer_view
from chalicelib.api.http import Call, Reply, endpoint
from chalicelib.api.models import TAG, Body, Code, CustomerView, Fen, Id, View, rfc3339
from chalicelib.domain.codes import read_payment_code
from chalicelib.domain.principal import MERCHANT_ROLES, Principal, Role
from chalicelib.domain.redemption import Redemption
from chalicelib.domain.refusals import BadRequest, absent
from chalicelib.operations import redemptions, store_codes
from chalicelib.operations.attempts import Done
from chalicelib.store import reads

routes = Blueprint(__name__)


class StaffRedemption(Body):
    payment_code: Code
    store_id: Id
    amount_fen: Fen


class ConsumerRedemption(Body):
    store_code: Code
    card_id: Id
    amount_fen: Fen


def _shape(body: Any) -> str:
    return f"{TAG}consumer" if isinstance(body, dict) and "store_code" in body else f"{TAG}staff"


Either = Annotated[StaffRedemption, Tag(f"{TAG}staff")] | Annotated[ConsumerRedemption, Tag(f"{TAG}consumer")]


class RedemptionBody(RootModel[Annotated[Either, Discriminator(_shape)]]):
    """Staff send a `payment_code`, consumers a `store_code`."""


class RedemptionView(View):
    """`amount_fen`: face value asked for. Once posted: `cash_fen` released to the merchant, and the card's balances after it.
    `customer`: for staff who look at one."""

    redemption_id: str
    card_id: str
    merchant_id: str
    store_id: str
    amount_fen: int
    state: str
    opened_at: str
    expires_at: str
    resolved_at: str | None
    cash_fen: int | None
    face_after_fen: int | None
    custody_after_fen: int | None
    seq: int | None
    hash: str | None
    customer: CustomerView | None = None


def redemption_view(redemption: Redemption, customer: CustomerView | None = None) -> RedemptionView:
    posted = redemption.seq is not None
    return RedemptionView(
        redemption_id=redemption.redemption_id,
        card_id=redemption.card_id,
        merchant_id=redemption.merchant_id,
        store_id=redemption.store_id,
        amount_fen=redemption.face_fen,
        state=redemption.state,
        opened_at=rfc3339(redemption.opened_at),
        expires_at=rfc3339(redemption.expires_at),
        resolved_at=rfc3339(redemption.resolved_at) if redemption.resolved_at else None,
        cash_fen=redemption.amount_fen if posted else None,
        face_after_fen=redemption.face_after_fen if posted else None,
        custody_after_fen=redemption.escrow_after_fen if posted else None,
        seq=redemption.seq,
        hash=redemption.hash or None,
        customer=customer,
    )


def _reply(done: Done[Redemption]) -> Reply:
    return Reply(redemption_view(done.answer), replayed=done.replayed)


@endpoint(
    routes,
    "POST",
    "/v1/redemptions",
    "Ask for a redemption: staff with a payment code, a consumer with a store code",
    who=CONSUMER | MERCHANT_ROLES,
    body=RedemptionBody,
    answer=RedemptionView,
    status=201,
    key=True,
)
def create(call: Call) -> Any:
    asked, caller = call.body.root, call.caller
    if isinstance(asked, StaffRedemption):
        _require_role(caller, MERCHANT_ROLES, "payment_code")
        code = read_payment_code(keys.payment_code_keys(), asked.payment_code)
        return _reply(redemptions.open_by_staff(code, asked.store_id, asked.amount_fen, caller, call.key, call.now))
    _require_role(caller, CONSUMER, "store_code")
    _, store = store_codes.resolve(asked.store_code, call.now)
    return _reply(redemptions.open_by_consumer(asked.card_id, store, asked.amount_fen, caller, call.key, call.now))


def _require_role(caller: Principal, roles: frozenset[Role], param: str) -> None:
    if caller.role not in roles:
        raise BadRequest(
            "wrong_kind_of_code", "该角色不能使用这种码", f"a {caller.role} does not redeem with a {param}", param=param
        )


@endpoint(
    routes,
    "GET",
    "/v1/redemptions/{redemption_id}",
    "A redemption, for its consumer and the store's staff",
    who=CONSUMER | MERCHANT_ROLES,
    answer=RedemptionView,
)
def show(call: Call, redemption_id: str) -> Any:
    found = reads.get(Redemption, ids.owner_of("crd", redemption_id), redemption_id)
    if found is None or not _may_see(found, call.caller):
        raise absent("核销", "redemption")
    return redemption_view(found, customer_view(found.consumer_id, call.caller))


def _may_see(redemption: Redemption, caller: Principal) -> bool:
    if caller.role is Role.CONSUMER:
        return redemption.consumer_id == caller.principal_id
    return caller.works_at(redemption.merchant_id, redemption.store_id)


@endpoint(
    routes,
    "POST",
    "/v1/redemptions/{redemption_id}/confirm",
    "The consumer's consent: the money moves",
    who=CONSUMER,
    answer=RedemptionView,
    key=True,
)
def confirm(call: Call, redemption_id: str) -> Any:
    return _reply(redemptions.confirm(redemption_id, call.caller, call.now))


@endpoint(
    routes,
    "POST",
    "/v1/redemptions/{redemption_id}/decline",
    "The consumer says no",
    who=CONSUMER,
    answer=RedemptionView,
    key=True,
)
def decline(call: Call, redemption_id: str) -> Any:
    return _reply(redemptions.decline(redemption_id, call.caller, call.now))


@endpoint(
    routes,
    "POST",
    "/v1/redemptions/{redemption_id}/cancel",
    "The store takes its request back",
    who=MERCHANT_ROLES,
    answer=RedemptionView,
    key=True,
)
def cancel(call: Call, redemption_id: str) -> Any:
    return _reply(redemptions.cancel(redemption_id, call.caller, call.now))
