"""What the component exports."""

from __future__ import annotations

import sys

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports import suite as contract

from .. import _case, _renewal, _report
from .._case import Case, Cron, Every, Schedule
from .._host import entered
from .._test import Test
from .host import ComponentHost, Fetch

fetch: Fetch | None = None
"""How `orbital_sdk.http` sends; none if the project did not ask for it."""


class Suite(exports.Suite):
    """The cases of all modules that were imported."""

    def cases(self) -> list[contract.TestCase]:
        return [_test_case(case) for case in _case.cases()]

    def run(self, name: str) -> None:
        case = _case.find(name)
        if case is None:
            names = ", ".join(case.name for case in _case.cases())
            raise Err(f"there is no case `{name}`; there are: {names}")
        _renewal.renew()
        host = ComponentHost(fetch)
        reason = None
        try:
            with entered(host):
                case.function(Test(host))
        except BaseException as error:
            # All of them: what leaves this function other than as `Err` breaks the instance, and the host would
            # know of a trap only.
            reason = _report.describe(error)
        finally:
            _flush()
        if reason is not None:
            raise Err(_report.well_formed(reason))


def _flush() -> None:
    # The instance ends with the run, and with it what is still in a buffer.
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):
            # The test closed or replaced it.
            continue


def _test_case(case: Case) -> contract.TestCase:
    return contract.TestCase(
        name=case.name,
        schedule=_schedule(case.schedule),
        timeout_ms=case.timeout_ms,
        tags=[contract.Tag(name, _report.well_formed(value)) for name, value in case.tags.items()],
        retry=contract.RetryPolicy(case.retries, case.retry_delay_ms),
        max_in_flight=case.max_in_flight,
    )


def _schedule(schedule: Schedule) -> contract.Schedule:
    if isinstance(schedule, Every):
        return contract.Schedule_Every(schedule.period_ms)
    if isinstance(schedule, Cron):
        return contract.Schedule_Cron(contract.CronSchedule(_report.well_formed(schedule.expression), schedule.zone))
    return contract.Schedule_Manual()
