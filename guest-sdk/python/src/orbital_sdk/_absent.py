"""Features that a component does not have, with alternatives."""

from __future__ import annotations

SOCKETS = (
    "it opens sockets, which a component does not have, so its requests fail. Use `t.send_event` and `t.request`; for a "
    "client library, use `orbital_sdk.http` as its transport (`http = true` in `[tool.orbital]`)"
)
PROCESSES = "a component starts no processes, so starting one fails"
THREADS = "a component has no threads, so starting one fails. Use `t.wait_n` and `t.send_events` to do several things concurrently"
EVENT_LOOPS = (
    "a component has no event loop, and its calls block: write `def` instead of `async def`, and use `t.wait_n` and "
    "`t.send_events` to do several things concurrently"
)
