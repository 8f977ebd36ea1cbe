"""Each test has a registry of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from orbital_sdk import _case


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(_case, "_cases", {})
    yield
