"""What speed costs, measured: every claim is a ratio between two things measured in one run, or a count.

    python -m bench [--only NAME ...] [--package PATH] [--json PATH]

redemption   a confirmed redemption: the whole handler against the bare botocore call that writes the same two items
units        DynamoDB calls and units of each operation, counted from the requests
search       a search among a hundred thousand merchants by the index against a plain scan of them; the index's build and size
cold         our package against a stock one: time to the first DynamoDB answer of a fresh process, imports, size
"""
