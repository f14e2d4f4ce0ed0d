"""Limits and bot settings: their bounds, and which way a change goes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from domain.bots import config
from domain.bots.models import BotConfig
from domain.errors import DomainError
from domain.risk import service as risk
from domain.risk.bounds import change, checked
from domain.risk.models import RiskSettings
from tests.support.trading import Desk


async def test_without_a_row_the_limits_are_the_platforms_defaults(desk: Desk) -> None:
    user_id = await desk.user()
    async with desk.database.read() as session:
        limits = await risk.limits(session, user_id)
        settings = await config.config(session, user_id)

    assert (limits.daily_loss_limit, limits.max_leverage, limits.max_positions) == (500.0, 10, 5)
    assert (settings.max_risk_percent, settings.leverage) == (1.0, 5)
    assert (settings.auto_tp, settings.auto_sl) == (3.0, 1.5)


async def test_reading_makes_no_row_and_the_first_change_makes_one(desk: Desk) -> None:
    user_id = await desk.user()
    async with desk.database.write() as session:
        await risk.limits(session, user_id)
        await config.config(session, user_id)
        assert await session.scalar(select(func.count()).select_from(RiskSettings)) == 0
        assert await session.scalar(select(func.count()).select_from(BotConfig)) == 0

    async with desk.database.write() as session:
        await risk.set_limit(session, user_id, "max_positions", "3")
        await config.set_config(session, user_id, "auto_sl", "2.5")
    async with desk.database.read() as session:
        assert (await risk.limits(session, user_id)).max_positions == 3
        assert (await config.config(session, user_id)).auto_sl == 2.5


@pytest.mark.parametrize(
    ("name", "to", "effect"),
    [
        ("daily_loss_limit", 600, "looser"),
        ("daily_loss_limit", 100, "tighter"),
        ("max_leverage", "20", "looser"),
        ("max_positions", 5, "neutral"),
    ],
)
async def test_a_change_of_a_limit_says_which_way_it_goes(
    desk: Desk, name: str, to: float | str, effect: str
) -> None:
    user_id = await desk.user()
    async with desk.database.write() as session:
        changed = await risk.set_limit(session, user_id, name, to)

    assert (changed.name, changed.after) == (name, float(to))
    assert (changed.effect, changed.loosens) == (effect, effect == "looser")


@pytest.mark.parametrize(
    ("name", "to", "effect"),
    [
        ("max_risk_percent", 2, "looser"),
        ("leverage", 3, "tighter"),
        ("auto_sl", 5, "looser"),
        ("auto_tp", 5, "neutral"),
    ],
)
async def test_a_change_of_the_bot_says_which_way_it_goes(
    desk: Desk, name: str, to: float, effect: str
) -> None:
    user_id = await desk.user()
    async with desk.database.write() as session:
        changed = await config.set_config(session, user_id, name, to)

    assert (changed.name, changed.after) == (name, float(to))
    assert changed.effect == effect


@pytest.mark.parametrize(
    ("name", "value"),
    [("max_leverage", 101), ("max_leverage", 0), ("max_leverage", "2.5"), ("max_positions", 51)],
)
def test_a_value_out_of_bounds_is_refused_with_the_bounds(name: str, value: float | str) -> None:
    with pytest.raises(DomainError) as refused:
        checked(name, value, risk.LIMITS)

    bounds = risk.LIMITS[name]
    assert refused.value.code == "limit_out_of_range"
    assert refused.value.params == {
        "name": name,
        "minimum": bounds.minimum,
        "maximum": bounds.maximum,
        "whole": True,
    }


@pytest.mark.parametrize("value", ["", "much", "nan", "inf", "-inf", "1_000", "١٢", "9" * 41])
def test_what_is_not_a_number_is_refused(value: str) -> None:
    with pytest.raises(DomainError) as refused:
        checked("daily_loss_limit", value, risk.LIMITS)
    assert refused.value.code == "not_a_number"


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(DomainError) as refused:
        checked("luck", 1, config.CONFIG)
    assert refused.value.code == "unknown_setting"
    assert refused.value.params["known"] == "max_risk_percent, leverage, auto_tp, auto_sl"


@given(
    name=st.sampled_from(sorted(risk.LIMITS)),
    value=st.one_of(st.floats(), st.integers(), st.text(max_size=50)),
)
def test_whatever_is_let_through_lies_within_the_bounds(name: str, value: str | float) -> None:
    try:
        number = checked(name, value, risk.LIMITS)
    except DomainError:
        return
    bounds = risk.LIMITS[name]
    assert bounds.minimum <= number <= bounds.maximum
    assert not bounds.whole or isinstance(number, int)


def test_a_change_back_is_the_opposite() -> None:
    there = change("max_leverage", 5, 10, risk.LIMITS)
    back = change("max_leverage", 10, 5, risk.LIMITS)
    assert (there.effect, back.effect) == ("looser", "tighter")
