"""A store's code, replaced: one version higher, once per request."""

from dataclasses import replace

from chalicelib.domain.codes import short_id, sign_store_code
from chalicelib.domain.store import Store
from chalicelib.domain.store_code import CODE_VERSION_MAX, CodeRotation, rotate_code
from tests.domain.test_code_keys import ANN
from tests.domain.test_codes import KEYS, STORE
from tests.domain.town import NOON, code_of

SHOP = Store("sto_1", "mch_1", "一号店", "330212", "路 1 号", NOON, "f", code_version=3, version=5)
WANTED = CodeRotation("rot_1", "mch_1", "sto_1", NOON, "stf_ann", "copied", "fingerprint")


def test_the_version_rises_by_one_and_the_reason_is_written_down() -> None:
    done = rotate_code(SHOP, None, WANTED, ANN)
    store, rotation, audit = (put.value for put in done.puts)
    assert (store.code_version, store.version, rotation.code_version) == (4, 6, 4)
    assert (audit.action, audit.object_id, audit.before, audit.after) == ("store_code.rotate", "sto_1", "3", "4")
    assert audit.reason == "copied"


def test_the_same_request_again_finds_the_store_as_it_is_now() -> None:
    later = replace(SHOP, code_version=9)
    again = rotate_code(later, replace(WANTED, code_version=4), WANTED, ANN)
    assert (again.answer, again.replayed) == (later, True)


def test_in_this_order_key_reused_no_store_no_version_left() -> None:
    other = replace(WANTED, fingerprint="other")
    last = replace(SHOP, code_version=CODE_VERSION_MAX)
    assert code_of(lambda: rotate_code(None, other, WANTED, ANN)) == "idempotency_key_reused"
    assert code_of(lambda: rotate_code(None, None, WANTED, ANN)) == "not_found"
    assert code_of(lambda: rotate_code(last, None, WANTED, ANN)) == "code_versions_exhausted"


def test_the_short_id_has_eight_characters_that_nobody_confuses_and_differs_between_prints() -> None:
    ids = {short_id(sign_store_code(KEYS, replace(STORE, version=version))) for version in range(1, 200)}
    assert len(ids) == 199
    assert all(len(one) == 9 and one[4] == "-" and not set(one) & set("ILOU") for one in ids)
