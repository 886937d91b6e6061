"""The host's own access to the deployed tables, as an administrator with the deployment's credentials has it."""
import json
import os
import secrets
from dataclasses import asdict
from pathlib import Path

from chalicelib import clock, config
from chalicelib.domain.principal import Role
from infra.local.district import DISTRICT
from infra.local.platform import Platform
from infra.officials import Official, appoint

TABLES = ("MerchantsTable", "CardsTable", "ConsumersTable", "CasesTable", "RunsTable", "AuditTable")
OFFICIALS = {
    "filer": ("op.wang", Role.OPERATOR),
    "reviewer": ("op.li", Role.OPERATOR),
    "regulator": ("reg.zhou", Role.REGULATOR),
    "custodian": ("bank.sun", Role.CUSTODIAN),
}


def open_desk(platform: Platform) -> None:
    """From now on chalicelib in this process means the deployed tables."""
    session = platform.session()
    frozen = session.get_credentials().get_frozen_credentials()
    unused = {field.upper(): "unused" for field in config.Settings.__dataclass_fields__}
    tables = {f"{name.removesuffix('Table').upper()}_TABLE": platform.outputs[name] for name in TABLES}
    os.environ |= unused | tables | {
        "STAGE": "local",
        "CLOCK_OFFSET_FILE": str(platform.clock_file),
        "AWS_ENDPOINT_URL": platform.emulator_url,
        "AWS_DEFAULT_REGION": session.region_name,
        "AWS_ACCESS_KEY_ID": frozen.access_key,
        "AWS_SECRET_ACCESS_KEY": frozen.secret_key,
    }
    config.forget()


def appoint_officials() -> dict[str, Official]:
    """Two operators, a regulator, a custodian's clerk; passwords are made up here and kept nowhere."""
    now = clock.now()
    return {
        part: appoint(username, role, DISTRICT, secrets.token_urlsafe(15), now) for part, (username, role) in OFFICIALS.items()
    }


def keep_officials(state_dir: Path) -> Path:
    """A file, readable by its owner only, with user names, passwords and TOTP secrets of the local officials; made once."""
    file = state_dir / "officials.json"
    if not file.exists():
        people = {part: asdict(person) for part, person in appoint_officials().items()}
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
            json.dump(people, out, indent=2)
    return file
