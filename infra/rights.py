"""The tables of docs/rights.md, made of `chalicelib.domain.rights`.

    python -m infra.rights            rewrites what stands between the two markers
"""

from pathlib import Path

from chalicelib.domain import rights
from chalicelib.domain.principal import Role
from chalicelib.domain.rights import StaffRight, StoreRight

PAGE = Path(__file__).resolve().parents[1] / "docs" / "rights.md"
BEGIN = "<!-- rights: made by python -m infra.rights, do not edit -->"
END = "<!-- /rights -->"
COLUMNS = (Role.OWNER, Role.MANAGER, Role.CASHIER)

OF_STORES: dict[StoreRight, str] = {
    StoreRight.OPEN: "open a store · 开店",
    StoreRight.RENAME: "change its name · 改名",
    StoreRight.CHANGE_HOURS: "change phone and opening hours · 改电话、营业时间",
    StoreRight.MOVE: "announce a move · 公告迁址",
    StoreRight.CLOSE: "announce a closing, withdraw a notice · 公告停业、撤回公告",
    StoreRight.REDEEM: "ask for a redemption, take it back · 发起、撤销核销",
}
OF_STAFF: dict[StaffRight, str] = {
    StaffRight.SEE: "see · 查看",
    StaffRight.INVITE: "invite · 邀请",
    StaffRight.CHANGE: "give another role, other stores · 改角色、门店",
    StaffRight.RESET: "reset password and one-time password · 重置密码和动态口令",
    StaffRight.DISABLE: "disable · 停用",
    StaffRight.REVOKE_SESSIONS: "end all sessions · 结束全部会话",
}


def _table(first: str, columns: tuple[Role, ...], rows: dict[str, list[str]]) -> str:
    head = f"| {first} | {' | '.join(columns)} |"
    lines = [f"| {name} | {' | '.join(cells)} |" for name, cells in rows.items()]
    return "\n".join([head, "|---" * (len(columns) + 1) + "|", *lines])


def tables() -> str:
    stores = {text: ["yes" if role in rights.STORES[right] else "" for role in COLUMNS] for right, text in OF_STORES.items()}
    people = (*COLUMNS, Role.OPERATOR)
    staff = {text: [", ".join(sorted(rights.over(right, role))) for role in people] for right, text in OF_STAFF.items()}
    return f"{_table('stores · 门店', COLUMNS, stores)}\n\n{_table('people · 员工', people, staff)}"


def redrawn(text: str) -> str:
    before, opening, rest = text.partition(BEGIN)
    _, closing, after = rest.partition(END)
    if not opening or not closing:
        raise ValueError(f"the markers {BEGIN!r} and {END!r} are missing")
    return f"{before}{BEGIN}\n\n{tables()}\n\n{END}{after}"


def main() -> None:
    PAGE.write_text(redrawn(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
