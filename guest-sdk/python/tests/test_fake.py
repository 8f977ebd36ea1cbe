from __future__ import annotations

import pytest

from orbital_sdk import Event, Failure, Reply, Request, SendError, Test, Unreachable, WaitTimeout, case, http
from orbital_sdk.fake import Answer, Deliver, FakeHost


@case(every="1s", timeout="3s")
def smoke(t: Test) -> None:
    key = t.new_id()
    t.send_event(Event("api", key=key, json={"id": key})).success()
    delivery = t.wait_for(key)
    t.check_eq(delivery.json()["processed"], True)


def test_a_run_passes_when_what_it_waits_for_comes() -> None:
    host = FakeHost()
    host.on_event(lambda event: [Deliver(json={"processed": True}, after="20ms")])
    run = host.run(smoke)
    assert (run.outcome, run.messages, run.duration) == ("pass", [], 0.02)
    assert run.events[0].key == run.expected[0]


def test_a_check_fails_the_run_with_place_and_difference() -> None:
    host = FakeHost()
    host.on_event(lambda event: [Deliver(json={"processed": False})])
    run = host.run(smoke)
    assert run.outcome == "fail"
    first, *rest = run.messages[0].splitlines()
    assert first.startswith("check failed: false is not true (") and "test_fake.py:" in first
    assert rest == ["   left: false", "  right: true"]


def test_a_run_that_waits_in_vain_times_out() -> None:
    run = FakeHost().run(smoke)
    assert (run.outcome, run.duration) == ("timeout", 3.0)
    assert run.messages[0].startswith("timed out after 3s waiting for a delivery with key `")


def test_a_refusal_fails_the_run() -> None:
    host = FakeHost()
    host.on_event(lambda event: [Answer(503, body="closed")])
    assert host.run(smoke).messages[0].startswith("the target answered 503 with `closed` (")


def test_no_answer_fails_the_run() -> None:
    def refuses(event: Event) -> None:
        raise Unreachable("connection refused")

    host = FakeHost()
    host.on_event(refuses)
    assert host.run(smoke).messages[0].startswith("the target did not answer: connection refused (")


def test_deliveries_come_in_order_and_time_passes() -> None:
    @case(manual=True)
    def waits(t: Test) -> None:
        t.send_event(Event("api", key="k"))
        t.send_event(Event("api", key="l"))
        found = t.wait_n(["k", "l"], 2, within="1s")
        assert [one.key for one in found] == ["l", "k"]
        assert found[1].received_at - found[0].received_at == pytest.approx(0.2)
        assert found[1].latency == pytest.approx(0.3)
        t.no_delivery_within("k", 0.5)
        assert t.time_left == pytest.approx(10 - 0.8)
        with pytest.raises(WaitTimeout):
            t.wait_for("k", within=0)

    host = FakeHost()
    host.on_event(lambda event: [Deliver(after=0.3 if event.key == "k" else 0.1)])
    run = host.run(waits)
    assert (run.outcome, run.messages) == ("pass", [])


def test_one_delivery_too_many_is_told() -> None:
    @case(manual=True)
    def once(t: Test) -> None:
        t.send_event(Event("api", key="k"))
        t.wait_for("k")
        t.no_delivery_within("k", "300ms")

    host = FakeHost()
    host.on_event(lambda event: [Deliver(path="/hooks/crm"), Deliver(path="/hooks/crm", body="again", after="100ms")])
    message = host.run(once).messages[0]
    assert message.startswith(
        "expected no delivery with the key `k` within 300ms, but received: POST /hooks/crm with `again` ("
    )


def test_planned_replies_are_given_in_order() -> None:
    @case(manual=True)
    def retries(t: Test) -> None:
        t.expect("k", Reply(503), Reply(200))
        t.send_event(Event("api", key="k"))
        first = t.wait_for("k")
        t.check_eq(t.wait_for("k", within="2s").body, first.body)
        t.no_delivery_within("k", "5s")

    host = FakeHost()
    host.on_event(lambda event: [Deliver(body="x")])
    host.on_reply(lambda delivery, reply: [Deliver(body="x", after="1s")] if reply.status >= 500 else None)
    assert host.run(retries).outcome == "pass"


def test_eventually_asks_again_until_the_time_is_up() -> None:
    @case(manual=True)
    def paid(t: Test) -> None:
        def is_paid() -> str:
            answer = t.request(Request("GET", "api", path="/invoices/7")).success()
            if answer.text() != "paid":
                raise Failure(f"it is {answer.text()}")
            return "done"

        assert t.eventually("1500ms", is_paid) == "done"

    host = FakeHost()
    host.on_request(lambda request: Answer(200, body="open"))
    run = host.run(paid)
    assert len(run.requests) == 9
    assert run.messages[0].startswith("it is open (")
    assert "), still so after 1.5s (" in run.messages[0]

    answers = iter(["open", "paid"])
    host = FakeHost()
    host.on_request(lambda request: Answer(200, body=next(answers)))
    assert host.run(paid).outcome == "pass"


def test_what_a_case_says_is_noted() -> None:
    @case(manual=True)
    def says(t: Test) -> None:
        t.log.info("sent", name="n", value=1)
        t.counter("items_total", 3, kind="new")
        t.log.warn(t.require_config("greeting"))
        t.log.info(f"{t.context.case} {t.context.attempt} {t.context.environment}")
        t.require_config("missing")

    run = FakeHost(config={"greeting": "hello"}, environment="staging").run(says)
    assert run.logs[0].fields == {"name": "n", "value": "1"}
    assert [line.message for line in run.logs[1:]] == ["hello", "says 1 staging"]
    assert (run.metrics[0].kind, run.metrics[0].labels) == ("counter", {"kind": "new"})
    assert run.messages[0].startswith("`missing` is not set in the host's configuration of this component (")


def test_once_a_case_has_failed_it_has_failed() -> None:
    @case(manual=True, timeout="1s")
    def fails(t: Test) -> None:
        t.fail("first")
        t.sleep("2s")

    run = FakeHost().run(fails)
    assert run.outcome == "fail"
    assert run.messages == ["first", "timed out after 1s while sleeping for 2000ms"]


def test_events_sent_at_once_have_answers_in_order() -> None:
    @case(manual=True)
    def many(t: Test) -> None:
        answers = t.send_events(Event("api", key=str(number)) for number in range(3))
        assert isinstance(answers[1], SendError)
        assert [getattr(answer, "status", None) for answer in answers] == [202, None, 202]

    def handler(event: Event) -> list[Answer]:
        if event.key == "1":
            raise Unreachable("reset")
        return [Answer(after="1s")]

    host = FakeHost()
    host.on_event(handler)
    run = host.run(many)
    assert (run.outcome, run.duration) == ("pass", 1.0)


def test_http_goes_to_the_host_too() -> None:
    @case(manual=True)
    def batch(t: Test) -> None:
        answer = http.post("http://segment/v1/batch?a=1#x", json={"batch": []}, timeout="2s")
        t.check_eq(answer.raise_for_status().json(), {"success": True})

    host = FakeHost()
    host.on_fetch(lambda request: Answer(200, json={"success": True}))
    run = host.run(batch)
    assert (run.outcome, run.messages) == ("pass", [])
    sent = run.fetches[0]
    assert (sent.method, http.shown(sent), sent.timeout_ms) == ("POST", "http://segment/v1/batch?a=1", 2000)
    with pytest.raises(RuntimeError, match="no case is running"):
        http.get("http://segment/")
    with pytest.raises(ValueError, match="is not a valid URL"):
        http.get("segment/v1")
