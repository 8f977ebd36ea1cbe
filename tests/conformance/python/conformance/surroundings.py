"""What a case says and what it is told."""

import sys

from orbital_sdk import Failure, Request, Test, case


@case(manual=True, timeout="5s")
def logs(t: Test) -> None:
    t.log.debug("level debug", n=1)
    t.log.info("level info", n=2)
    t.log.warn("level warn", n=3)
    t.log.error("level error", n=4)
    print("printed")
    print("complained", file=sys.stderr)


@case(manual=True, timeout="5s")
def metrics(t: Test) -> None:
    t.counter("items_total", 3, kind="new")
    t.gauge("depth", 7)
    t.histogram("spread_seconds", 0.5)


@case(manual=True, timeout="5s")
def config(t: Test) -> None:
    t.log.info(t.require_config("greeting"))
    t.require_config("missing")


@case(manual=True, timeout="5s")
def context(t: Test) -> None:
    run = t.context
    t.log.info(f"context {run.case} {run.attempt} {run.environment}")


@case(manual=True, timeout="5s")
def non_utf8(t: Test) -> None:
    sys.stdout.buffer.write(b"\xff\xfe\n")

# What Python makes of bytes that are not valid UTF-8, as in the name of a file.
BYTES = b"got \x8b\xff".decode(errors="surrogateescape")


@case(manual=True, timeout="5s")
def invalid_text(t: Test) -> None:
    t.log.info(BYTES, n=BYTES)
    t.expect(BYTES + t.new_id())
    asked = t.request(Request("GET", "encodings", path=b"/\x8b\xff".decode(errors="surrogateescape")))
    t.log.info(asked.text())
    t.counter("invalid_text_total", 1, kind=BYTES)
    t.config(BYTES)
    t.fail(BYTES)


@case(manual=True, timeout="5s")
def invalid_end(t: Test) -> None:
    raise Failure(BYTES)
