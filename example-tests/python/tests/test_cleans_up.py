"""The case `cleans-up` with a fake host, whose system under test delivers as each test needs."""

from orbital_sdk.fake import Answer, Deliver, FakeHost
from pipeline_tests.cleans_up import cleans_up


def system(processed: bool) -> FakeHost:
    """Returns a fake host whose system under test delivers each event."""
    host = FakeHost()
    host.on_event(lambda event: [Answer(202), Deliver(json={"processed": processed})])
    return host


def test_it_passes_if_the_sign_up_is_processed() -> None:
    assert system(processed=True).run(cleans_up).outcome == "pass"


def test_it_fails_if_the_sign_up_is_not_processed() -> None:
    assert system(processed=False).run(cleans_up).outcome == "fail"


def test_it_cleans_up_if_nothing_is_delivered() -> None:
    run = FakeHost().run(cleans_up)
    assert run.outcome == "fail"
    assert [request.method for request in run.requests] == ["DELETE"]
