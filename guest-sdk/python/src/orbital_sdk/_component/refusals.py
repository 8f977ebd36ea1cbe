"""Calls that cannot work in a component: of sockets, threads, processes and event loops.

Left as they are, they break the instance, or fail with an error that names neither the call nor what to use instead.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, NoReturn

from .. import _absent

_NO_SOCKETS = "a component has no sockets; send with `t.send_event`, `t.request` or `orbital_sdk.http`"

_FUNCTIONS: Mapping[str, Mapping[str, str]] = {
    "socket": dict.fromkeys(
        ("getaddrinfo", "gethostbyaddr", "gethostbyname", "gethostbyname_ex", "getnameinfo"), _NO_SOCKETS
    ),
    "asyncio": {"run": f"`asyncio.run`: {_absent.EVENT_LOOPS}"},
}
"""Functions of modules. They are replaced wherever they have been imported to."""

_METHODS: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("socket", "socket"): dict.fromkeys(("bind", "connect", "connect_ex", "listen", "sendto"), _NO_SOCKETS),
    ("threading", "Thread"): {"start": f"`threading.Thread.start`: {_absent.THREADS}"},
    ("subprocess", "Popen"): {"__init__": f"`subprocess`: {_absent.PROCESSES}"},
    ("asyncio.base_events", "BaseEventLoop"): {"__init__": f"`asyncio`: {_absent.EVENT_LOOPS}"},
}
"""Methods of classes."""


def refuse() -> None:
    """Makes all of them raise an `OSError` or a `RuntimeError` that says what to use."""
    for name, functions in _FUNCTIONS.items():
        module = sys.modules.get(name)
        if module is not None:
            _replace({id(vars(module).get(function)): _refusal(text) for function, text in functions.items()})
    for (name, kind), methods in _METHODS.items():
        module = sys.modules.get(name)
        if module is not None:
            for method, text in methods.items():
                setattr(vars(module)[kind], method, _refusal(text))


def _replace(refusals: Mapping[int, Callable[..., NoReturn]]) -> None:
    for module in list(sys.modules.values()):
        # Not by `getattr`: a module may import others when it is asked for what it lacks, and those may not be there.
        # Some have something that is no module in their place.
        names = vars(module) if isinstance(module, ModuleType) else {}
        for name, value in list(names.items()):
            if value is not None and id(value) in refusals:
                names[name] = refusals[id(value)]


def _refusal(text: str) -> Callable[..., NoReturn]:
    error = OSError if text == _NO_SOCKETS else RuntimeError

    def refuse(*arguments: Any, **named: Any) -> NoReturn:
        raise error(text)

    return refuse
