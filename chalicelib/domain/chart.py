"""The chart of accounts: every account name the ledger knows is spelt here.

`custody` is what the custodian bank and the payment provider hold for us (debit balance); all the others say whom it
belongs to (credit balances). Per unit the sum over all accounts is 0 at every moment.
"""
CUSTODY = "custody"
REFUND_IN_TRANSIT = "refund_in_transit"
PAYOUT_IN_TRANSIT = "payout_in_transit"


def card(card_id: str) -> str:
    return f"card:{card_id}"


def payable(merchant_id: str) -> str:
    return f"payable:{merchant_id}"
