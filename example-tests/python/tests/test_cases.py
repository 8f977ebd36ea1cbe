"""The cases with a fake host instead of a pipeline."""

from __future__ import annotations

import json

import pytest

from orbital_sdk import Event, Request
from orbital_sdk.fake import Answer, Deliver, FakeHost
from pipeline_tests.counters import counters
from pipeline_tests.exactly_once import exactly_once
from pipeline_tests.fan_out import fan_out
from pipeline_tests.retries_delivery import retries_delivery
from pipeline_tests.segment_batch import segment_batch
from pipeline_tests.server_made_id import server_made_id
from pipeline_tests.smoke import smoke

DESTINATIONS = {"signup": ["crm"], "order": ["billing", "shipping", "analytics"], "invoice": ["ledger"]}


class Pipeline:
    """Simulates the pipeline, as far as the cases can tell."""

    def __init__(self) -> None:
        self.accepted: dict[str, str] = {}
        self.loses: set[str] = set()

    def event(self, event: Event) -> list[Answer | Deliver]:
        body = json.loads(event.body)
        id = body.setdefault("id", "made-by-the-server")
        is_duplicate = id in self.accepted
        kind = body.get("type", "signup")
        self.accepted.setdefault(id, kind)
        answer = Answer(200 if is_duplicate else 202, json={"id": id, "duplicate": is_duplicate})
        deliveries = [
            Deliver(key=id, path=f"/hooks/{name}", json={**body, "processed": True, "destination": name}, after="5ms")
            for name in DESTINATIONS[kind]
            if name not in self.loses and not is_duplicate
        ]
        return [answer, *deliveries]

    def request(self, request: Request) -> Answer:
        invoices = list(self.accepted.values()).count("invoice")
        return Answer(200, body=f'pipeline_events_accepted_total{{type="invoice"}} {invoices}\n')


@pytest.fixture
def pipeline() -> Pipeline:
    return Pipeline()


@pytest.fixture
def host(pipeline: Pipeline) -> FakeHost:
    host = FakeHost()
    host.on_event(pipeline.event)
    host.on_request(pipeline.request)
    return host


def test_smoke(host: FakeHost) -> None:
    assert host.run(smoke).outcome == "pass"


def test_fan_out_measures_the_spread(host: FakeHost) -> None:
    run = host.run(fan_out)
    assert run.outcome == "pass", run.messages
    assert [metric.name for metric in run.metrics] == ["fan_out_spread_seconds"]


def test_fan_out_notices_what_is_missing(host: FakeHost, pipeline: Pipeline) -> None:
    pipeline.loses.add("billing")
    assert host.run(fan_out).outcome == "timeout"


def test_exactly_once(host: FakeHost) -> None:
    assert host.run(exactly_once).messages == []


def test_exactly_once_notices_a_copy(host: FakeHost, pipeline: Pipeline) -> None:
    host.on_event(lambda event: [*pipeline.event(event), Deliver(body="again", after="100ms")])
    assert host.run(exactly_once).messages[0].startswith("expected no delivery with the key")


def test_counters(host: FakeHost) -> None:
    assert host.run(counters).outcome == "pass"


def test_counters_notices_one_that_stands_still(host: FakeHost) -> None:
    host.on_request(lambda request: Answer(200))
    assert "as before the event" in host.run(counters).messages[0]


def test_server_made_id(host: FakeHost) -> None:
    assert host.run(server_made_id).outcome == "pass"


def test_retries_delivery(host: FakeHost) -> None:
    host.on_reply(
        lambda delivery, reply: [Deliver(body=delivery.body, after="1s")]
        if reply.status >= 500 or reply.delay_ms > 1000
        else None
    )
    assert host.run(retries_delivery).outcome == "pass"


def test_retries_delivery_notices_that_there_are_none(host: FakeHost) -> None:
    message = host.run(retries_delivery).messages[0]
    assert message.startswith("a delivery that was answered with 500 is not tried again: timed out waiting for a delivery")


def test_segment_batch_sends_a_message_with_the_key_that_it_waits_for(host: FakeHost) -> None:
    run = host.run(segment_batch)
    assert run.outcome == "timeout", "nothing delivers what went out over HTTP here"
    sent = run.fetches[0]
    assert sent.url.geturl() == "http://segment/v1/batch"
    message = json.loads(sent.body)["batch"][0]
    assert message["messageId"] in run.messages[0]


def test_segment_batch_fails_when_the_batch_is_refused(host: FakeHost) -> None:
    host.on_fetch(lambda request: Answer(503))
    run = host.run(segment_batch)
    assert run.outcome == "fail" and "503" in run.messages[0]
