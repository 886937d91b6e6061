"""The counterparts of the platform on one loopback port: WeChat, WeChat Pay, the custodian bank, the
business registry and the regulator's platform.

They share nothing with the platform's code but the wire (testing.py alone knows both sides): signatures,
encryption and formats are written here a second time, from the counterpart's side, so that a mistake of
ours does not agree with itself. `/control` stands for what happens outside of anybody's API: a person pays
in the WeChat app, a company is registered, time passes, lines fail.

    python -m infra.local.sandbox --port 9100 --state DIR --clock FILE
"""
