"""Generators of random values that are made while the author's modules are imported. That happens when the component is
built, so that without a new seed every run would have the same values."""

from __future__ import annotations

import gc
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakSet

chosen: WeakSet[random.Random] = WeakSet()
"""Generators whose seed the author has chosen: their values repeat on purpose."""

_unseeded: list[random.Random] = []


@contextmanager
def watched() -> Iterator[None]:
    """Notes which generators are given a seed, while the author's modules are imported."""
    original, function = random.Random.seed, random.seed
    # The functions of the module are methods of one generator.
    shared: random.Random | None = getattr(function, "__self__", None)

    def seed(self: random.Random, a: Any = None, version: int = 2) -> None:
        original(self, a, version)
        if a is None:
            chosen.discard(self)
        else:
            chosen.add(self)

    random.Random.seed = seed  # type: ignore[method-assign]
    if shared is not None:
        random.seed = shared.seed
    try:
        yield
    finally:
        random.Random.seed = original  # type: ignore[method-assign]
        random.seed = function


def find() -> None:
    """Finds the generators that every run must give a new seed: all but those whose seed was chosen."""
    # By `type`, as `isinstance` may run code of the object's own.
    _unseeded[:] = [
        found
        for found in gc.get_objects()
        if issubclass(type(found), random.Random)
        and not issubclass(type(found), random.SystemRandom)
        and found not in chosen
    ]


def renew() -> None:
    """Gives them a new seed."""
    for generator in _unseeded:
        generator.seed()
