"""Rules: defaults, TOML, and refusals that name the field."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from domain.backtests.rules import Rules
from domain.errors import DomainError
from domain.market.ports import Contract, MarginTier
from domain.trading.costs import Costs, padded


def from_text(tmp_path: Path, text: str) -> Rules:
    file = tmp_path / "rules.toml"
    file.write_text(text, encoding="utf-8")
    return Rules.from_toml(file)


def refused(tmp_path: Path, text: str) -> tuple[str, dict[str, Any]]:
    with pytest.raises(DomainError) as error:
        from_text(tmp_path, text)
    return error.value.code, error.value.params


def test_the_defaults_are_the_designs() -> None:
    rules = Rules()
    assert (rules.initial_balance, rules.max_risk_percent, rules.leverage) == (10_000.0, 1.0, 5.0)
    assert (rules.auto_tp, rules.auto_sl) == (3.0, 1.5)
    assert (rules.taker_fee, rules.maker_fee, rules.tp_maker) == (0.0006, 0.0002, False)
    assert (rules.slippage_bps, rules.mmr, rules.min_cost) == (2.0, 0.004, 5.0)
    assert (rules.daily_loss_limit, rules.tz, rules.funding) == (None, "UTC", None)


def test_toml_sets_fields_and_whole_numbers_stand_for_fractions(tmp_path: Path) -> None:
    text = 'leverage = 3\ntp_maker = true\ntz = "Asia/Seoul"\ndaily_loss_limit = 500\n'
    rules = from_text(tmp_path, text)
    assert rules == Rules(leverage=3, tp_maker=True, tz="Asia/Seoul", daily_loss_limit=500)
    assert rules.terms().leverage == 3.0
    assert from_text(tmp_path, "[rules]\n" + text) == rules


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("leverage = 0.5", "leverage"),
        ('leverage = "5"', "leverage"),
        ("leverage = inf", "leverage"),
        ("max_leverage = 0", "max_leverage"),
        ("max_leverage = 0.5", "leverage"),
        ("leverage = true", "leverage"),
        ("tp_maker = 1", "tp_maker"),
        ("initial_balance = 0", "initial_balance"),
        ("initial_balance = nan", "initial_balance"),
        ("max_risk_percent = 101", "max_risk_percent"),
        ("slippage_bps = -1", "slippage_bps"),
        ("auto_sl = 0", "auto_sl"),
        ("daily_loss_limit = -5", "daily_loss_limit"),
        ("mmr = 1.0", "mmr"),
        ("tiers = 3", "tiers"),
        ("tiers = [1000, 0.01]", "tiers"),
        ("tiers = [[1000, true]]", "tiers"),
        ("tiers = [[0, 0.01]]", "tiers"),
        ("tiers = [[1000, 0.001]]", "tiers"),
        ("tiers = [[1000, 0.02], [5000, 0.01]]", "tiers"),
        ("tiers = [[5000, 0.01], [1000, 0.02]]", "tiers"),
        ("tiers = [[1000, 0.9999]]", "tiers"),
        ("[markets.ETHUSDT]\ntiers = 3", "tiers"),
        ('tz = "Mars/Olympus"', "tz"),
        ('tz = "/etc/passwd"', "tz"),
        ("tz = 3", "tz"),
    ],
)
def test_a_senseless_value_names_its_field(tmp_path: Path, text: str, field: str) -> None:
    code, params = refused(tmp_path, text)
    assert (code, params["field"]) == ("bad_rule", field)


def test_tiers_are_pairs_in_the_file_and_a_markets_own_rate_brings_its_own(tmp_path: Path) -> None:
    text = """
        tiers = [[150_000, 0.005], [900_000, 0.01]]
        [markets.ETHUSDT]
        tiers = [[50_000, 0.02]]
        [markets.XRPUSDT]
        mmr = 0.01
        """
    rules = from_text(tmp_path, text)
    assert rules.tiers == ((150_000.0, 0.005), (900_000.0, 0.01))
    assert rules.for_symbol("BTCUSDT").tiers == rules.tiers
    assert rules.for_symbol("ETHUSDT").tiers == ((50_000.0, 0.02),)
    assert (rules.for_symbol("XRPUSDT").mmr, rules.for_symbol("XRPUSDT").tiers) == (0.01, ())


def test_unknown_fields_and_broken_files_are_named(tmp_path: Path) -> None:
    code, params = refused(tmp_path, "leverge = 3")
    assert (code, params["field"]) == ("unknown_rule", "leverge")
    assert "leverage" in params["known"]
    assert refused(tmp_path, "funding = 3")[0] == "unknown_rule"
    assert refused(tmp_path, "leverage = ")[0] == "rules_unreadable"
    assert refused(tmp_path, 'timeframe = "7m"')[0] == "unknown_timeframe"
    with pytest.raises(DomainError, match="rules_unreadable"):
        Rules.from_toml(tmp_path / "missing.toml")


@pytest.mark.parametrize("greatest", [None, Decimal("120")])
def test_a_contract_brings_its_own_steps_and_rates(greatest: Decimal | None) -> None:
    contract = Contract(
        symbol="XRPUSDT",
        price_tick=Decimal("0.0001"),
        qty_step=Decimal("0.1"),
        min_qty=Decimal("1"),
        min_cost_usdt=Decimal("5"),
        max_leverage=3,
        taker_fee=Decimal("0.0004"),
        maker_fee=Decimal("0.0001"),
        mmr=Decimal("0.01"),
        price_decimals=4,
        max_market_qty=greatest,
        tiers=(MarginTier(Decimal(50_000), Decimal("0.02")),),
    )
    rules = Rules(leverage=20.0).for_contract(contract)
    assert rules.symbol == "XRPUSDT"
    assert rules.terms() == (1.0, 3.0, 0.1, 1.0, float(greatest or 0), 5.0, 0.0001, 0.0)
    assert rules.costs() == Costs(0.0004, 0.0004, 0.0002, 0.01, padded(((50_000.0, 0.02),)))
