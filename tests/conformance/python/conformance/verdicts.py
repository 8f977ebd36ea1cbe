"""How a run ends."""

from orbital_sdk import Failure, Test, case


@case(manual=True, timeout="5s")
def passes(t: Test) -> None:
    pass


@case(manual=True, timeout="5s")
def fails(t: Test) -> None:
    t.fail("first")
    t.fail("second")


@case(manual=True, timeout="5s")
def returns_error(t: Test) -> None:
    raise Failure("no invoice")


@case(manual=True, timeout="5s")
def differs(t: Test) -> None:
    left = {"id": "7", "items": [{"sku": "a", "n": 1}, {"sku": "b", "n": 2}]}
    right = {"id": "7", "items": [{"sku": "a", "n": 1}, {"sku": "b", "n": 3}]}
    t.check_eq(left, right)


@case(manual=True, timeout="5s")
def uncaught(t: Test) -> None:
    total({})


def total(order: dict[str, dict[str, int]]) -> int:
    return order["items"]["total"]
