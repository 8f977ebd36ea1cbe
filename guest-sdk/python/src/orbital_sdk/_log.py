"""What a case has to say."""

from __future__ import annotations

from ._host import Host, Level


class Log:
    """What a case says stands in the run's report.

    Its lines are bounded in number and bytes; a run that says more ends as `error`. What follows the message
    are names and values beside it: `t.log.info("sent", key=key, attempt=3)`. What is printed is a line of the
    report too.
    """

    def __init__(self, host: Host) -> None:
        self._host = host

    def debug(self, message: str, /, **fields: object) -> None:
        """Says something for the author, while the test is being written."""
        self._log("debug", message, fields)

    def info(self, message: str, /, **fields: object) -> None:
        """Says what happens."""
        self._log("info", message, fields)

    def warn(self, message: str, /, **fields: object) -> None:
        """Says what is odd, but does not fail the test."""
        self._log("warn", message, fields)

    def error(self, message: str, /, **fields: object) -> None:
        """Says what is wrong. It does not fail the test; `Test.fail` does."""
        self._log("error", message, fields)

    def _log(self, level: Level, message: str, fields: dict[str, object]) -> None:
        self._host.log(level, str(message), [(name, str(value)) for name, value in fields.items()])
