from __future__ import annotations

import pytest

from orbital_sdk import BodyError, Delivery, Event, Header, Receipt, StatusError


def receipt(body: bytes, status: int = 200) -> Receipt:
    return Receipt(status, (Header("content-type", "text/plain"),), body, 0.0)


def test_json_sets_the_content_type_unless_it_is_set() -> None:
    event = Event("api", json=["é", None])
    assert event.body == '["é",null]'.encode()
    assert event.headers == (Header("content-type", "application/json"),)
    event = Event("api", json=None, headers={"Content-Type": "application/cloudevents+json"})
    assert (event.body, len(event.headers)) == (b"null", 1)


def test_headers_may_be_pairs() -> None:
    assert Event("api", headers=[("a", "1"), ("a", "2")]).headers == (Header("a", "1"), Header("a", "2"))


def test_mistakes_in_a_body_are_told_at_once() -> None:
    with pytest.raises(TypeError, match="the body cannot be JSON: Object of type object"):
        Event("api", json=object())
    with pytest.raises(ValueError, match="the body cannot be JSON"):
        Event("api", json=float("nan"))
    with pytest.raises(ValueError, match="both set"):
        Event("api", json={}, body="x")


def test_a_header_is_found_in_any_case() -> None:
    assert receipt(b"").header("Content-Type") == "text/plain"
    assert receipt(b"").header("x") is None


def test_a_pointer_finds_a_value() -> None:
    body = receipt(b'{"a": {"b": [7]}, "c/d": {"~": null}}')
    assert body.pointer("/a/b/0") == 7
    assert body.pointer("/c~1d/~0") is None
    assert body.pointer("") == body.json()
    for pointer in ("/a/c", "/a/b/1", "/a/b/-1", "/a/b/00", "/a/b/0/x", "a"):
        with pytest.raises(BodyError, match="no value at"):
            body.pointer(pointer)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_json_may_be_of_any_unicode_encoding(encoding: str) -> None:
    assert receipt('{"name": "Zoë 🎉"}'.encode(encoding)).pointer("/name") == "Zoë 🎉"


def test_an_error_shows_the_body() -> None:
    with pytest.raises(BodyError, match="it is `<html>`"):
        receipt(b"<html>").json()
    with pytest.raises(BodyError, match="it is an empty body"):
        receipt(b"").json()
    with pytest.raises(BodyError, match=r"x…` \(1000 bytes\)"):
        receipt(b"x" * 1000).json()


def test_success_is_200_to_299() -> None:
    assert receipt(b"", 202).success().status == 202
    with pytest.raises(StatusError, match="the target answered 507 with `no room`") as raised:
        receipt(b"no room", 507).success()
    assert raised.value.receipt.status == 507


def test_a_delivery_is_recognised_by_its_line_and_body() -> None:
    delivery = Delivery("7", "POST", "/hooks/crm", "a=1", (), b"{}", 0.0, None)
    assert str(delivery) == "POST /hooks/crm?a=1 with `{}`"
