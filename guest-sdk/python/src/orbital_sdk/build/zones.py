"""Data of time zones, for `zoneinfo`. It is read from files when a zone is first asked for, and a run has no files: so the
build reads all of it, from this machine or from the package `tzdata`."""

from __future__ import annotations

import importlib.resources
import json
import zoneinfo
from base64 import b64encode
from pathlib import Path


def write(file: Path) -> None:
    """Writes the data of all zones for `_component.zones` to read."""
    numbers: dict[bytes, int] = {}
    zones = {}
    for key in sorted(zoneinfo.available_timezones()):
        data = _read(key)
        if data is not None:
            # Many names stand for the same zone.
            zones[key] = numbers.setdefault(data, len(numbers))
    packed = {"zones": zones, "data": [b64encode(data).decode() for data in numbers]}
    file.write_text(json.dumps(packed), encoding="utf-8")


def _read(key: str) -> bytes | None:
    for folder in zoneinfo.TZPATH:
        path = Path(folder, key)
        if path.is_file():
            return path.read_bytes()
    *folders, name = key.split("/")
    try:
        package = importlib.resources.files(".".join(["tzdata.zoneinfo", *folders]))
        return package.joinpath(name).read_bytes()
    except (ImportError, OSError):
        return None
