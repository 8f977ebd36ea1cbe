"""The command line: `python -m orbital_sdk.build --project DIR --out FILE`."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from .check import check, check_types
from .problem import Problem, report
from .project import Project


def main() -> int:
    """Builds, and returns the exit code: 0 if there is a component, 1 if the project is wrong."""
    _forget_working_directory()
    arguments = _arguments()
    begun = time.monotonic()
    try:
        project = Project.read(arguments.project)
        found = check(project)
        check_types(project)
        if arguments.check:
            return 0
        # Only now: it takes a while to load, and may not be installed.
        from .componentize import componentize

        out = arguments.out.resolve()
        cases = componentize(project, found, out)
    except Problem as problem:
        report("error", str(problem))
        return 1
    size = out.stat().st_size / 2**20
    took = time.monotonic() - begun
    print(f"built {arguments.out} ({size:.1f} MiB, {took:.1f}s): {', '.join(cases)}")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m orbital_sdk.build",
        description="Makes a component of a project, for orbital to run.",
    )
    parser.add_argument(
        "--project", type=Path, default=Path(), metavar="DIR", help="where pyproject.toml is (default: here)"
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--out", type=Path, metavar="FILE", help="the component to write; its stem names it")
    what.add_argument("--check", action="store_true", help="only find mistakes, in a moment")
    arguments = parser.parse_args()
    if arguments.out is not None and arguments.out.suffix != ".wasm":
        parser.error(f"`{arguments.out}` is no name for a component; it ends in `.wasm`")
    return arguments


def _forget_working_directory() -> None:
    """`python -m` puts the working directory before all others, where it would hide what is installed."""
    if not sys.flags.safe_path and sys.path and sys.path[0] == os.getcwd():
        del sys.path[0]


if __name__ == "__main__":
    sys.exit(main())
