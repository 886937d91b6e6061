"""The source as data: what the tidy test and the error reference ask of it."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CODE_FOLDERS = ("chalicelib", "infra", "tests", "bench")
TEXT_FOLDERS = (*CODE_FOLDERS, "docs", ".chalice", ".ci")
TEXT_SUFFIXES = frozenset({".py", ".md", ".yaml", ".yml", ".json", ".txt", ".toml", ".cfg", ".sh", ""})
NOT_OURS = frozenset({"__pycache__", "deployments", "deployed", "venv", ".venv", "dist", "build-output"})


def python_files(*folders: str) -> list[Path]:
    found = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return [path for path in found if not NOT_OURS & set(path.relative_to(ROOT).parts)]


def all_code() -> list[Path]:
    return [ROOT / "app.py", *python_files(*CODE_FOLDERS)]


def texts() -> list[Path]:
    """Everything that a person reads in this repository: code, documents, templates."""
    below = [path for folder in TEXT_FOLDERS for path in sorted((ROOT / folder).rglob("*"))]
    beside = (
        sorted(ROOT.glob("*.md")) + sorted(ROOT.glob("*.txt")) + [ROOT / "Makefile", ROOT / "app.py", ROOT / "pyproject.toml"]
    )
    files = [path for path in below + beside if path.is_file() and path.suffix in TEXT_SUFFIXES]
    return [path for path in files if not NOT_OURS & set(path.relative_to(ROOT).parts)]


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports_of(path: Path) -> set[str]:
    """Every module that a file imports, anywhere in it, by its whole name."""
    found: set[str] = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)}:{node.lineno} imports relatively"
            found |= {str(node.module)} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def packages_of(path: Path) -> set[str]:
    return {name.partition(".")[0] for name in imports_of(path)}


def calls_of(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """(dotted name of what is called, the call)."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node
