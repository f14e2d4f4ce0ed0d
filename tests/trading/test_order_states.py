"""Which state of an order may follow which."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import DomainError
from domain.trading.models import Order
from domain.trading.states import ENDED, INTENT, OPEN, TRANSITIONS, may_become, move

NOW = datetime(2026, 1, 1, tzinfo=UTC)
STATES = sorted(TRANSITIONS)


def an_order(state: str) -> Order:
    return Order(state=state)


def try_move(order: Order, wanted: str, at: datetime) -> bool:
    try:
        return move(order, wanted, at)
    except DomainError:
        return False


@given(st.lists(st.sampled_from(STATES), max_size=12))
def test_whatever_is_asked_an_order_ends_at_most_once_and_is_never_an_intent_again(
    wishes: list[str],
) -> None:
    order = an_order(INTENT)
    seen = [INTENT]
    for step, wanted in enumerate(wishes):
        before, moved = order.state, try_move(order, wanted, NOW + timedelta(seconds=step))
        assert moved == (order.state != before)
        if moved:
            assert may_become(before, order.state)
            seen.append(order.state)
    assert sum(state in ENDED for state in seen) <= 1
    assert seen.count(INTENT) == 1
    assert (order.done_at is not None) == (order.state in ENDED)


def test_every_state_is_either_open_or_an_end() -> None:
    assert set(STATES) == OPEN | ENDED
    assert not OPEN & ENDED
    assert all(TRANSITIONS[state] for state in OPEN)


@pytest.mark.parametrize("state", sorted(ENDED))
def test_an_answer_that_comes_after_the_end_changes_nothing(state: str) -> None:
    order = an_order(state)
    assert not any(move(order, wanted, NOW) for wanted in STATES)
    assert order.state == state


def test_an_order_that_was_never_sent_can_not_be_filled() -> None:
    with pytest.raises(DomainError, match="order_transition"):
        move(an_order(INTENT), "filled", NOW)


def test_the_answer_of_the_sending_may_come_after_reconcile_saw_the_order() -> None:
    order = an_order("accepted")
    assert not move(order, "unknown", NOW)
    assert order.state == "accepted"


def test_the_reason_of_an_end_is_kept() -> None:
    order = an_order("sent")
    assert move(order, "rejected", NOW, "insufficient_balance")
    assert (order.error_code, order.done_at) == ("insufficient_balance", NOW)
