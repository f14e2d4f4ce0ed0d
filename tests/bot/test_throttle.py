"""Telegram's limits are kept before they are hit."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.throttle import Throttle

ALICE, BOB, CAROL, DAVE, GROUP = 1, 2, 3, 4, -100


def throttle(rate: float = 30, chat_rate: float = 1, burst: int = 3) -> Throttle:
    return Throttle(rate, chat_rate, burst)


def test_a_short_burst_to_one_chat_goes_out_at_once_then_one_a_second() -> None:
    limits = throttle(burst=3)
    for _ in range(3):
        assert limits.wait(ALICE, 100.0) == 0
        limits.take(ALICE, 100.0)
    assert limits.wait(ALICE, 100.0) == 1.0
    assert limits.wait(ALICE, 101.0) == 0
    assert limits.wait(BOB, 100.0) == 0


def test_all_chats_together_stay_below_the_overall_rate() -> None:
    limits = throttle(rate=10, burst=100)
    for chat in range(10):
        limits.take(chat, 100.0)
    assert limits.wait(ALICE, 100.0) > 0
    assert limits.wait(ALICE, 100.2) == 0


def test_notifications_leave_room_for_replies() -> None:
    limits = throttle(rate=30, burst=100)
    for chat in range(20):
        limits.take(chat, 100.0)
    assert limits.wait(ALICE, 100.0, notification=True) > 0
    assert limits.wait(ALICE, 100.0) == 0


def test_a_429_pauses_the_chat_it_was_for() -> None:
    limits = throttle()
    limits.pause(ALICE, 100.0, 5.0)
    assert limits.wait(ALICE, 100.0) == 5.0
    assert limits.wait(BOB, 100.0) == 0


def test_429s_of_several_chats_until_the_same_moment_pause_the_whole_bot() -> None:
    limits = throttle()
    for chat in (ALICE, BOB, CAROL):
        limits.pause(chat, 100.0, 5.0)
    assert limits.wait(DAVE, 100.0) == 5.0


def test_429s_that_end_at_different_times_are_each_chats_own() -> None:
    limits = throttle()
    limits.pause(ALICE, 100.0, 5.0)
    limits.pause(BOB, 100.0, 30.0)
    limits.pause(CAROL, 100.0, 60.0)
    assert limits.wait(DAVE, 100.0) == 0


def test_a_group_gets_twenty_a_minute() -> None:
    limits = throttle(burst=1)
    for _ in range(20):
        assert limits.wait(GROUP, 100.0) == 0
        limits.take(GROUP, 100.0)
    assert limits.wait(GROUP, 100.0) > 2.9


@given(
    st.lists(st.tuples(st.integers(1, 5), st.floats(0, 0.5)), min_size=1, max_size=300),
)
def test_no_second_ever_sees_more_than_the_limits(arrivals: list[tuple[int, float]]) -> None:
    limits = throttle(rate=10, chat_rate=2, burst=4)
    now, sent = 100.0, []
    for chat, pause in arrivals:
        now += pause
        now += limits.wait(chat, now)
        limits.take(chat, now)
        sent.append((now, chat))
    for at, chat in sent:
        window = [c for t, c in sent if at <= t < at + 1.0]
        assert len(window) <= 10 + 10 + 1
        assert window.count(chat) <= 4 + 2 + 1
