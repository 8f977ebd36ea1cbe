"""Time zones without files; see `build.zones`."""

from __future__ import annotations

import io
import json
import zoneinfo
from base64 import b64decode
from collections.abc import Mapping
from zoneinfo import _common

_zones: dict[str, bytes] = {}


def load(file: str) -> None:
    """Reads the data of all zones from a file of the build, for `ZoneInfo` to use from now on."""
    with open(file, encoding="utf-8") as opened:
        packed = json.load(opened)
    data = [b64decode(text) for text in packed["data"]]
    numbers: Mapping[str, int] = packed["zones"]
    _zones.update({key: data[number] for key, number in numbers.items()})
    _common.load_tzdata = _load  # type: ignore[assignment]
    zoneinfo.available_timezones = lambda: set(_zones)


def _load(key: str) -> io.BytesIO:
    if key in _zones:
        return io.BytesIO(_zones[key])
    if _zones:
        raise zoneinfo.ZoneInfoNotFoundError(f"there is no time zone `{key}`")
    raise zoneinfo.ZoneInfoNotFoundError(
        f"there is no data of the time zone `{key}`: the machine that built the component has none; install the package "
        "`tzdata` for the Python that builds, and build again"
    )
