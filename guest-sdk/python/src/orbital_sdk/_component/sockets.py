"""Sockets, which a component has not.

What the interpreter would do with a call of theirs is break the instance, where an exception names the line.
"""

from __future__ import annotations

import sys
from typing import NoReturn

_FUNCTIONS = ("getaddrinfo", "gethostbyaddr", "gethostbyname", "gethostbyname_ex", "getnameinfo")
_METHODS = ("bind", "connect", "connect_ex", "listen", "sendto")


def refuse() -> None:
    """Makes the functions of `socket` say so, wherever they have been imported to."""
    module = sys.modules.get("socket")
    if module is None:
        return
    refused = [getattr(module, name) for name in _FUNCTIONS if hasattr(module, name)]
    for other in list(sys.modules.values()):
        for name in _FUNCTIONS:
            if any(getattr(other, name, None) is function for function in refused):
                setattr(other, name, _refuse)
    for name in _METHODS:
        setattr(module.socket, name, _refuse)


def _refuse(*arguments: object, **named: object) -> NoReturn:
    raise OSError("a component has no sockets; send with `t.send_event`, `t.request` or `orbital_sdk.http`")
