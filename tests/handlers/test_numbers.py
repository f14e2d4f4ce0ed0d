"""Numbers as traders write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.render import numbers
from handlers.texts import Translator

en, ko = Translator("en"), Translator("ko", "Asia/Seoul")
AT = datetime(2026, 11, 3, 4, 5, 9, tzinfo=UTC)


def test_prices_have_the_markets_own_precision() -> None:
    assert numbers.price(en, Decimal("61234.5"), 1) == "61,234.5"
    assert numbers.price(en, Decimal("0.00001234"), 8) == "0.00001234"
    assert numbers.price(en, None, 2) == "–"


def test_money_and_percents_are_signed_where_they_are_gains() -> None:
    assert numbers.money(en, Decimal("1234.567"), signed=True) == "+1,234.57 USDT"
    assert numbers.money(en, -5, signed=True) == "−5.00 USDT"
    assert numbers.percent(ko, 1.5, signed=True) == "+1.50%"
    assert numbers.money(en, 5) == "5.00 USDT"


@pytest.mark.parametrize("value", [0, Decimal("-0.001"), 0.004, Decimal("-0")])
def test_what_rounds_to_nothing_has_no_sign(value: Decimal | float) -> None:
    assert numbers.fixed(en, value, 2, signed=True) == "0.00"


def test_quantities_and_settings_are_as_short_as_they_can_be() -> None:
    assert numbers.quantity(en, Decimal("0.12300000")) == "0.123"
    assert numbers.quantity(en, Decimal("1500")) == "1,500"
    assert numbers.setting(en, 500.0) == "500"
    assert numbers.quantity(en, Decimal("-0.5")) == "−0.5"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (float("nan"), "–"),
        (float("-inf"), "–"),
        (1e17, "100,000,000,000,000,000"),
        (1.2345e30, "1.234e+30"),
        (-1e300, "−1.000e+300"),
        (10**29, "1.000e+29"),
    ],
)
@pytest.mark.parametrize("rounding", [ROUND_HALF_EVEN, ROUND_HALF_UP])
def test_what_nobody_counts_is_said_all_the_same(value: float, said: str, rounding: str) -> None:
    with localcontext(rounding=rounding):  # others leave theirs behind
        assert numbers.setting(en, value) == said
        assert numbers.fixed(ko, value, 0) == said


@given(st.decimals(-(10**9), 10**9, places=8), st.integers(0, 8))
def test_nothing_is_lost_but_the_rounding(value: Decimal, decimals: int) -> None:
    text = numbers.fixed(en, value, decimals).replace(",", "").replace("−", "-")
    assert abs(Decimal(text) - value) <= Decimal(1).scaleb(-decimals) / 2


@pytest.mark.parametrize(
    ("price", "decimals"), [(61234.5, 1), (4123.58, 2), (1.23457, 5), (0.00012346, 8), (0.0, 2)]
)
def test_an_unknown_market_gets_six_digits(price: float, decimals: int) -> None:
    assert numbers.decimals_of(price) == decimals
    assert numbers.decimals_or(-1, price) == decimals
    assert numbers.decimals_or(3, price) == 3


def test_moments_are_in_the_readers_zone_and_language() -> None:
    assert numbers.moment(en, AT) == "Nov 3, 04:05"
    assert numbers.moment(ko, AT) == "11월 3일 13:05"
    assert numbers.long_moment(ko, AT) == "2026년 11월 3일 13:05"
    assert numbers.day(en, AT) == "Nov 3, 2026"
    assert numbers.clock(ko, AT) == "13:05:09"
    assert numbers.moment_ms(en, int(AT.timestamp() * 1000)) == "Nov 3, 04:05"


@pytest.mark.parametrize(
    ("minutes", "english", "korean"),
    [
        (0, "under a minute", "1분 미만"),
        (5, "5m", "5분"),
        (60, "1h", "1시간"),
        (125, "2h 5m", "2시간 5분"),
        (1500, "1d 1h", "1일 1시간"),
        (1441, "1d", "1일"),
    ],
)
def test_durations_say_what_counts(minutes: int, english: str, korean: str) -> None:
    assert numbers.duration(en, timedelta(minutes=minutes)) == english
    assert numbers.duration(ko, timedelta(minutes=minutes)) == korean
