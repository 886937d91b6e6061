"""Makes the virtual environments from nothing but Python and its venv module; does nothing when they are there and current.

    python3 infra/environment.py dev [emulator]

It runs on the Python that a person happens to have, so that it imports the standard library only and can still say so when
that Python is too old. pip installs uv (pinned), uv the rest: ten times faster, and it compiles what it installs.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
UV = "uv==0.13.9"
PYTHON_MIN = (3, 11)
ENVIRONMENTS = {
    "dev": (".venv", ("requirements.txt", "requirements-posters.txt", "requirements-dev.txt")),
    "emulator": (os.path.join(".local", "emulator"), ("requirements-emulator.txt",)),
}


def main(names: "list[str]") -> "str | None":
    if sys.version_info < PYTHON_MIN:
        have = ".".join(str(part) for part in sys.version_info[:3])
        return "Python 3.11 or newer is needed, this is {}; name a newer one: make PYTHON=python3.13".format(have)
    for name in ENVIRONMENTS:
        if name != "dev" and name not in names:
            continue
        folder, files = ENVIRONMENTS[name]
        failure = _make(name, os.path.join(ROOT, folder), [os.path.join(ROOT, file) for file in files])
        if failure:
            return failure
    return None


def _make(name: str, folder: str, files: "list[str]") -> "str | None":
    stamp, wanted = os.path.join(folder, "made-of"), _digest(files)
    if _read(stamp) == wanted:
        return None
    started = time.monotonic()
    print("environment {} in {} ...".format(name, os.path.relpath(folder, ROOT)), flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    code, said = _run([sys.executable, "-m", "venv", *([] if name == "dev" else ["--without-pip"]), folder])
    if code:
        return "Python cannot make a virtual environment; install its venv module (Debian: python3-venv).\n" + said
    for command in _installation(name, folder, files[-1]):
        code, said = _run(command)
        if code:
            return "The packages of {} could not be installed; is a package index reachable?\n{}".format(files[-1], said)
    with open(stamp, "w") as file:
        file.write(wanted)
    print("environment {}: {:.1f} s".format(name, time.monotonic() - started), flush=True)
    return None


def _installation(name: str, folder: str, requirements: str) -> "list[list[str]]":
    dev, python = (os.path.join(each, "bin", "python") for each in (os.path.join(ROOT, ENVIRONMENTS["dev"][0]), folder))
    uv = [dev, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", UV]
    packages = [dev, "-m", "uv", "pip", "install", "--quiet", "--compile-bytecode", "--python", python, "-r", requirements]
    return [uv, packages] if name == "dev" else [packages]


def _run(command: "list[str]") -> "tuple[int, str]":
    done = subprocess.run(command, env=_environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.returncode, done.stdout.decode(errors="replace")


def _environment() -> "dict[str, str]":
    """uv keeps what it fetched in the checkout; pip's index, where one is set, is uv's."""
    environment = dict(os.environ, UV_CACHE_DIR=os.path.join(ROOT, ".local", "uv"), UV_PYTHON_DOWNLOADS="never")
    environment.pop("VIRTUAL_ENV", None)
    if "PIP_INDEX_URL" in environment:
        environment.setdefault("UV_INDEX_URL", environment["PIP_INDEX_URL"])
    return environment


def _digest(files: "list[str]") -> str:
    digest = hashlib.sha256("{} {}\n".format(sys.version, UV).encode())
    for path in files:
        with open(path, "rb") as file:
            digest.update(file.read())
    return digest.hexdigest()


def _read(path: str) -> "str | None":
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
