"""A store's poster: drawn by a function of its own, kept in the archive, handed over by a link of ten minutes."""

from dataclasses import asdict
from datetime import datetime

from chalicelib import config
from chalicelib.domain.merchant import Merchant
from chalicelib.domain.poster import Poster, Printed, glyph_missing, poster_of
from chalicelib.domain.principal import Principal
from chalicelib.domain.refusals import CounterpartUnknown, absent
from chalicelib.domain.store import Store
from chalicelib.gateways import objects, printer
from chalicelib.gateways.outcomes import Unknown
from chalicelib.operations import store_codes
from chalicelib.store import reads

LINK_VALID_SECONDS = 600


def make(merchant_id: str, store_id: str, caller: Principal, now: datetime) -> tuple[Poster, Printed, str]:
    """The poster of the present print, and a link to it. Made again it is the same object."""
    caller.require_own(merchant_id)
    merchant, store = reads.get_together((Merchant, (merchant_id,)), (Store, (merchant_id, store_id)))
    if merchant is None or store is None or not caller.works_at(merchant_id, store_id):
        raise absent("门店", "store")
    poster = poster_of(merchant, store, store_codes.code_of(store, now), config.settings().public_url)
    drawn = _drawn(poster)
    return poster, drawn, objects.connect().link(drawn.key, LINK_VALID_SECONDS)


def _drawn(poster: Poster) -> Printed:
    said = printer.connect().draw(asdict(poster))
    if isinstance(said, Unknown):
        silent = "the maker of posters gave no answer, send the same request again"
        raise CounterpartUnknown("poster_unknown", "海报制作暂无响应，请用同一请求重试", silent)
    if said["outcome"] == "glyph_missing":
        raise glyph_missing(said["characters"])
    return Printed(said["key"], said["sha256"], said["size_bytes"], said["pages"])
