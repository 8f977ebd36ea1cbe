"""Two values that should be equal, for a person to compare."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from difflib import SequenceMatcher
from os.path import commonprefix
from typing import Any

_LINES_AROUND = 3
"""How many lines are shown before and after one that differs."""

_MOST_PAIRS = 1 << 20
"""Comparing takes time for each pair of lines: values that have more are shown whole."""

_BRIEF = 60
"""The longest text of a value in a headline, in characters."""

_BEFORE = 20
"""How many characters of a long text are shown before the first one that differs."""


def difference(left: object, right: object) -> str:
    """Both values, one below the other; if they have several lines, only those that differ and a few around
    them."""
    left_text, right_text = _text(left), _text(right)
    if left_text == right_text:
        # Such as a tuple and a list, which are the same in JSON.
        left_text, right_text = repr(left), repr(right)
    left_lines, right_lines = left_text.splitlines(), right_text.splitlines()
    pairs = len(left_lines) * len(right_lines)
    if max(len(left_lines), len(right_lines)) < 2 or pairs > _MOST_PAIRS:
        return f"   left: {left_text}\n  right: {right_text}"
    return "- left\n+ right\n" + _by_line(left_lines, right_lines)


def in_short(left: object, right: object) -> str:
    """How two values differ, in one line. Of long values, it has the parts around the first difference."""
    left_text, right_text = _line(left), _line(right)
    if left_text == right_text:
        left_text, right_text = repr(left), repr(right)
    start = 0
    if max(len(left_text), len(right_text)) > _BRIEF:
        start = max(0, len(commonprefix([left_text, right_text])) - _BEFORE)
    return f"{_part(left_text, start)} is not {_part(right_text, start)}"


def brief(value: object) -> str:
    """A value in one line, or its beginning."""
    return _part(_line(value), 0)


def _line(value: object) -> str:
    try:
        return json.dumps(_plain(value), ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        return " ".join(repr(value).split())


def _part(text: str, start: int) -> str:
    end = start + _BRIEF
    return f"{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}"


def _by_line(left: list[str], right: list[str]) -> str:
    shown, end = [], 0
    groups = list(SequenceMatcher(a=left, b=right, autojunk=False).get_grouped_opcodes(_LINES_AROUND))
    for group in groups:
        if group[0][1] > end:
            shown.append("  …")
        for kind, left_start, left_end, right_start, right_end in group:
            if kind == "equal":
                shown += [f"  {line}" for line in left[left_start:left_end]]
            else:
                shown += [f"- {line}" for line in left[left_start:left_end]]
                shown += [f"+ {line}" for line in right[right_start:right_end]]
        end = group[-1][2]
    if end < len(left):
        shown.append("  …")
    return "".join(f"{line}\n" for line in shown)


def _text(value: object) -> str:
    """A value as JSON, with the lines of a text as lines."""
    try:
        text = json.dumps(_plain(value), ensure_ascii=False, indent=2)
    except (TypeError, ValueError, RecursionError):
        return repr(value)
    return text.replace("\\n", "\n") if isinstance(value, str) else text


def _plain(value: Any) -> object:
    """A value in the types of JSON. Keys are sorted, because their order does not make values differ."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        plain = {key if isinstance(key, str) else repr(key): _plain(item) for key, item in value.items()}
        return {key: plain[key] for key in sorted(plain)}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, AbstractSet):
        items = [_plain(item) for item in value]
        return sorted(items, key=repr)
    if isinstance(value, (bytes, bytearray)):
        try:
            return bytes(value).decode()
        except UnicodeDecodeError:
            return repr(bytes(value))
    return repr(value)
