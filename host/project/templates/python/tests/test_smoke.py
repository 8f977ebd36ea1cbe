"""The case against a fake host: what it does, without a system under test."""

from cases.smoke import smoke
from orbital_sdk.fake import Deliver, FakeHost


def system(processed: bool) -> FakeHost:
    """A system under test that delivers each event."""
    host = FakeHost()
    host.on_event(lambda event: [Deliver(json={"processed": processed}, after="20ms")])
    return host


def test_it_passes_if_the_event_is_processed() -> None:
    run = system(processed=True).run(smoke)
    assert run.outcome == "pass", run.messages
    assert run.events[0].target == "api"


def test_it_fails_if_the_event_is_not_processed() -> None:
    assert system(processed=False).run(smoke).outcome == "fail"


def test_it_times_out_if_nothing_is_delivered() -> None:
    host = FakeHost()
    host.on_event(lambda event: [])
    assert host.run(smoke).outcome == "timeout"
