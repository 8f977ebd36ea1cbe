"""What is wrong with a project, for its author to read."""

from __future__ import annotations

import sys


class Problem(Exception):
    """The project cannot be built. The text has the place first, if there is one, and names the fix."""


def report(kind: str, text: str) -> None:
    """Writes an error or a warning where both are expected."""
    print(f"{kind}: {text}", file=sys.stderr, flush=True)
