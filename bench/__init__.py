"""What speed costs, measured: every claim is a ratio between two things measured in one run, or a count.

    python -m bench [--only NAME ...] [--package PATH] [--json PATH]

redemption   one confirmed redemption through the whole handler against the bare botocore call that writes the same two items
units        DynamoDB calls and units of each operation, counted from the requests
cold         first DynamoDB answer of a fresh process from our package against a stock package; what gets imported; the package's size
"""
