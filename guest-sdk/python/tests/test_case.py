from __future__ import annotations

from typing import Any

import pytest

from orbital_sdk import CaseError, Cron, Every, Manual, Test, _case, case


def smoke(t: Test) -> None:
    pass


def error(**arguments: Any) -> str:
    with pytest.raises(CaseError) as raised:
        case(**arguments)(smoke)
    return str(raised.value)


def test_the_decorator_describes_the_case() -> None:
    @case(
        cron="0 7 * * *", zone="Europe/Madrid", timeout="3s", tags={"team": "growth"}, retries=2, retry_delay="1s",
        max_in_flight=3,
    )  # fmt: skip
    def fan_out(t: Test) -> None:
        pass

    (found,) = _case.cases()
    assert found == _case.of(fan_out) == _case.find("fan-out")
    assert found.schedule == Cron("0 7 * * *", "Europe/Madrid")
    assert (found.timeout_ms, found.tags) == (3000, {"team": "growth"})
    assert (found.retries, found.retry_delay_ms, found.max_in_flight) == (2, 1000, 3)


def test_all_but_the_schedule_has_a_default() -> None:
    found = _case.of(case(every="1s")(smoke))
    assert (found.name, found.schedule, found.timeout_ms) == ("smoke", Every(1000), None)
    assert (found.retries, found.max_in_flight) == (0, 1)
    assert _case.of(case(manual=True, name="other")(smoke)).schedule == Manual()
    assert [one.name for one in _case.cases()] == ["smoke", "other"]


def test_exactly_one_schedule_is_required() -> None:
    assert error() == 'case `smoke`: a case needs a schedule: `every="1s"`, `cron="0 7 * * *"` or `manual=True`'
    assert "a case has one schedule" in error(manual=True, every="1s")


def test_mistakes_name_the_case_and_the_fix() -> None:
    assert error(every="soon").startswith("case `smoke`: `every`: not a duration: `soon`; write one such as")
    assert "`every`: must be longer than zero" in error(every="0s")
    assert "`timeout`: must be longer than zero" in error(manual=True, timeout=0)
    assert "`zone` requires `cron`" in error(manual=True, zone="UTC")
    assert "add `retries=1`" in error(manual=True, retry_delay="1s")
    assert "`retries`: 11 retries are too many" in error(manual=True, retries=11)
    assert "`max_in_flight`: must be at least 1" in error(manual=True, max_in_flight=0)
    assert "this one has 6" in error(cron="0 0 7 * * *")
    assert "cannot be a case's name" in error(manual=True, name="a/b")
    assert "cannot be a tag's name" in error(manual=True, tags={"_a": "b"})
    assert "is not a string" in error(manual=True, tags={"tier": 1})


def test_what_cannot_be_a_case_is_refused() -> None:
    async def waits(t: Test) -> None:
        pass

    def wants(t: Test, more: int) -> None:
        pass

    def nothing() -> None:
        pass

    for function, text in [(waits, "cannot be async"), (wants, "one argument"), (nothing, "one argument")]:
        with pytest.raises(CaseError, match=text):
            case(manual=True)(function)  # type: ignore[type-var]
    with pytest.raises(CaseError, match="needs parentheses"):
        case(smoke)  # type: ignore[arg-type]


def test_a_case_that_is_there_twice_is_refused() -> None:
    def other(t: Test) -> None:
        pass

    case(manual=True)(smoke)
    with pytest.raises(CaseError, match=r"case `smoke` is defined twice: .*test_case.py:\d+ and .*test_case.py:\d+; rename"):
        case(manual=True, name="smoke")(other)


def test_a_module_that_is_loaded_again_registers_again() -> None:
    case(manual=True)(smoke)
    case(every="1s")(smoke)
    assert [one.schedule for one in _case.cases()] == [Every(1000)]
