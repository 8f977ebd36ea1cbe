"""The contract's limits for names, tags and retries. Each error names the fix."""

from __future__ import annotations

import re
from collections.abc import Mapping

_MOST_RETRIES = 10
_MOST_TAGS = 16
_MOST_U32 = 2**32 - 1
_CASE_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")
_TAG_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")


def check_name(name: str) -> None:
    if not _CASE_NAME.fullmatch(name):
        raise ValueError(
            f"`{name}` cannot be a case's name; use 1 to 100 letters, digits, `-`, `_` and `.`, "
            'as in `name="fan-out"`'
        )


def check_tags(tags: Mapping[str, str]) -> None:
    for name, value in tags.items():
        if not isinstance(name, str) or not _TAG_NAME.fullmatch(name):
            raise ValueError(
                f"`{name}` cannot be a tag's name; use a letter, then letters, digits and `_`, 64 bytes at most"
            )
        if not isinstance(value, str):
            raise ValueError(f"the value of the tag `{name}` is not a string; write it in quotes")
        length = len(value.encode(errors="replace"))
        if length > 256:
            raise ValueError(f"the value of the tag `{name}` has {length} bytes; at most 256")
    if len(tags) > _MOST_TAGS:
        raise ValueError(f"too many tags; at most {_MOST_TAGS}")


def check_retries(retries: int) -> None:
    _check_whole(retries, "retries = 2")
    if retries > _MOST_RETRIES:
        raise ValueError(f"{retries} retries are too many; at most {_MOST_RETRIES}")


def check_max_in_flight(number: int) -> None:
    _check_whole(number, "max_in_flight = 2")
    if not 1 <= number <= _MOST_U32:
        raise ValueError("must be at least 1")


def check_cron(expression: str) -> None:
    """Checks the number of fields. The host parses them."""
    fields = len(expression.split())
    if fields != 5:
        raise ValueError(
            "a cron expression has five fields (minute, hour, day of month, month, day of week), "
            f"this one has {fields}"
        )


def _check_whole(number: int, example: str) -> None:
    if isinstance(number, bool) or not isinstance(number, int) or number < 0:
        raise ValueError(f"expected a whole number, as in `{example}`")
