"""Logging."""

from __future__ import annotations

from ._host import Host, Level


class Log:
    """The log of a run, which is part of its report.

    Keyword arguments are structured values: `t.log.info("sent", key=key, attempt=3)`. Printed lines are added to the log,
    too. The number and the size of the lines are limited; a run that exceeds the limit ends with outcome `error`.
    """

    def __init__(self, host: Host) -> None:
        self._host = host

    def debug(self, message: str, /, **fields: object) -> None:
        """Logs details that help to write or debug the test."""
        self._log("debug", message, fields)

    def info(self, message: str, /, **fields: object) -> None:
        """Logs normal progress."""
        self._log("info", message, fields)

    def warn(self, message: str, /, **fields: object) -> None:
        """Logs something unexpected. It does not fail the test."""
        self._log("warn", message, fields)

    def error(self, message: str, /, **fields: object) -> None:
        """Logs a problem. It does not fail the test; `Test.fail` does."""
        self._log("error", message, fields)

    def _log(self, level: Level, message: str, fields: dict[str, object]) -> None:
        self._host.log(level, str(message), [(name, str(value)) for name, value in fields.items()])
