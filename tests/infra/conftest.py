"""The packaged template of every stage, made once."""
import json
from pathlib import Path
from typing import Any

import pytest

from infra.build import ROOT, STAGES, Build, build

Template = dict[str, Any]


@pytest.fixture(scope="session")
def builds() -> dict[str, Build]:
    return {stage: build(stage, ROOT / ".local" / "build" / stage) for stage in STAGES}


@pytest.fixture(scope="session")
def templates(builds: dict[str, Build]) -> dict[str, Template]:
    return {stage: json.loads(made.template.read_text(encoding="utf-8")) for stage, made in builds.items()}


@pytest.fixture(scope="session")
def production(templates: dict[str, Template]) -> Template:
    return templates["production"]


@pytest.fixture(scope="session")
def package(builds: dict[str, Build]) -> Path:
    return builds["production"].package


@pytest.fixture(scope="session")
def layer(builds: dict[str, Build]) -> Path:
    return builds["production"].layer
