"""Brings what is made from the repository's `wit/` up to date: the copy that the package ships, and the bindings
that type checkers and editors see. With `--check` it changes nothing, and fails if something is out of date.

    python scripts/sync_contract.py [--check]
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from orbital_sdk.build import componentize

_PYTHON = Path(__file__).resolve().parent.parent
_CONTRACT = _PYTHON.parent.parent / "wit"
_COPY = _PYTHON / "src" / "orbital_sdk" / "_wit" / "test"
_TYPINGS = _PYTHON / "typings"

_GENERATED = ("componentize_py_types.py", "wit_world")
"""Of what componentize-py generates, what this package imports."""


def main() -> int:
    """Returns the exit code: 1 if something was out of date with `--check`."""
    check = "--check" in sys.argv[1:]
    with tempfile.TemporaryDirectory() as temporary:
        bindings = Path(temporary)
        componentize.generate_bindings(_CONTRACT, bindings)
        for path in bindings.iterdir():
            if path.name not in _GENERATED:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        stale = [pair for pair in ((_CONTRACT, _COPY), (bindings, _TYPINGS)) if _files(pair[0]) != _files(pair[1])]
        for source, copy in stale:
            name = copy.relative_to(_PYTHON)
            if check:
                print(f"{name} is out of date; run `python scripts/sync_contract.py`")
                continue
            print(f"updating {name}")
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(source, copy)
    return 1 if check and stale else 0


def _files(directory: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


if __name__ == "__main__":
    sys.exit(main())
