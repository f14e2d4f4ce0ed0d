"""Nobody makes us work more than their share."""

from __future__ import annotations

from domain.clock import ManualClock
from handlers.limits import RateLimiter, Verdict

ALICE, BOB = 5, 6


def limiter(burst: int = 4, rate: float = 1.0) -> tuple[RateLimiter, ManualClock]:
    wall = ManualClock(0)
    return RateLimiter(wall, rate, burst), wall


def test_a_burst_is_fine_and_then_it_goes_by_the_rate() -> None:
    limits, wall = limiter()
    assert [limits.check(ALICE).allowed for _ in range(5)] == [True] * 4 + [False]
    wall.advance(1)
    assert [limits.check(ALICE).allowed for _ in range(2)] == [True, False]


def test_one_senders_flood_is_not_anothers() -> None:
    limits, _ = limiter()
    for _ in range(10):
        limits.check(ALICE)
    assert limits.check(BOB).allowed


def test_only_the_first_refusal_of_a_flood_is_told() -> None:
    limits, wall = limiter()
    told = []
    for _ in range(40):
        told.append(limits.check(ALICE).first)
        wall.advance(0.5)
    assert told.count(True) == 1


def test_after_a_rest_a_new_flood_is_told_again() -> None:
    limits, wall = limiter()
    for _ in range(2):
        verdicts = [limits.check(ALICE) for _ in range(6)]
        assert verdicts[4:] == [Verdict(False, first=True), Verdict(False)]
        wall.advance(10)


def test_those_who_are_quiet_again_are_forgotten() -> None:
    limits, wall = limiter()
    for sender in range(10_001):
        limits.check(sender)
    wall.advance(60)
    limits.check(ALICE)
    limits.check(BOB)
    assert len(limits._buckets) < 10
