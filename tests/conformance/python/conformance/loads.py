"""What uses up time and memory."""

from orbital_sdk import Test, case


@case(manual=True, timeout="300ms")
def loops(t: Test) -> None:
    number = 0
    while True:
        number += 1


@case(manual=True, timeout="5s")
def churns(t: Test) -> None:
    pieces = 64 * 1024 * 1024 // (64 * 1024)
    for piece in range(pieces):
        bytearray(64 * 1024)[-1] = piece % 256
        if piece % (pieces // 20) == 0 and piece // (pieces // 20) < 20:
            t.log.info(f"piece {piece}")
