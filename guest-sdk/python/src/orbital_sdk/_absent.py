"""What a component does not have, and what to use in its place."""

from __future__ import annotations

SOCKETS = (
    "it opens sockets, and a component has none, so that what it sends fails. Send with `t.send_event` and `t.request`; for a "
    "client library, give it `orbital_sdk.http` to send with (`http = true` in `[tool.orbital]`)"
)
PROCESSES = "a component starts no processes, so that starting one fails"
THREADS = "a component has no threads, so that starting one fails. Use `t.wait_n` and `t.send_events` to do things at once"
EVENT_LOOPS = (
    "a component has no event loop. Cases are not async, as their calls block: write `def` instead of `async def`, and use "
    "`t.wait_n` and `t.send_events` to do things at once"
)
