"""`leverframe backtest`: files in, a document or a table out, every mistake in one line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.cli import main
from bot.workers.backtest import study
from domain.backtests.rules import Rules
from domain.strategies.builtins import load_builtins
from domain.strategies.language import compile_rules
from tests.backtests.lab import CROSS, MINUTE_MS, waves
from tests.support.bars import csv_rows, write_csv
from tests.support.market import START_MS

BARS = 400


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with candles and a strategy in it, in which the command runs."""
    write_csv(tmp_path / "BTCUSD-1m-2026.csv", csv_rows(waves(BARS)))
    (tmp_path / "waves.rules").write_text(CROSS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*options: str, command: str = "backtest") -> int:
    """The exit code, also when the command left early."""
    given = {"--candles": "BTCUSD-1m-2026.csv", "--strategy": "waves.rules", "--timeframe": "1m"}
    named = set(options)
    defaults = [part for pair in given.items() if pair[0] not in named for part in pair]
    try:
        return main([command, *defaults, *options])
    except SystemExit as left:
        return int(left.code or 0)


def document(capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, Any]:
    """What `--json` printed."""
    assert run("--json", *options) == 0
    shown: dict[str, Any] = json.loads(capsys.readouterr().out)
    return shown


def test_the_document_has_the_agreed_shape(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = document(capsys)
    assert set(shown) == {"metrics", "trades", "equity", "notes"}
    assert {
        "symbol", "side", "qty", "entry_time", "entry_price", "exit_time", "exit_price", "pnl",
        "pnl_percent", "fees", "exit_reason", "exit_detail",
    } <= set(shown["trades"][0])  # fmt: skip
    assert shown["equity"][-1][0] == START_MS + BARS * MINUTE_MS
    assert len(shown["equity"]) == BARS
    assert shown["metrics"]["final_balance"] == shown["equity"][-1][1]
    assert all(isinstance(note, str) for note in shown["notes"])


def test_its_trades_are_the_engines(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = document(capsys, "--balance", "5000", "--symbol", "ETHUSDT")
    rules = Rules(timeframe="1m", initial_balance=5_000.0, symbol="ETHUSDT", qty_step=1e-6)
    result, _ = study(waves(BARS), compile_rules(CROSS).bind(), rules, compiled=here)
    assert [trade["pnl"] for trade in shown["trades"]] == [each.pnl for each in result.trades]
    assert {trade["symbol"] for trade in shown["trades"]} == {"ETHUSDT"}


def test_finer_candles_become_bars_of_the_timeframe(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = document(capsys, "--timeframe", "15m")
    assert shown["metrics"]["bars"] == BARS // 15  # the last one never closed
    assert all(trade["entry_time"] % (15 * MINUTE_MS) == 0 for trade in shown["trades"])


@pytest.mark.parametrize("builtin", load_builtins(), ids=lambda builtin: builtin.slug)
def test_a_built_in_goes_by_its_slug_and_by_its_name(
    here: Path, capsys: pytest.CaptureFixture[str], builtin: Any
) -> None:
    by_slug = document(capsys, "--strategy", builtin.slug)
    assert document(capsys, "--strategy", builtin.name)["trades"] == by_slug["trades"]


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (str(START_MS + 100 * MINUTE_MS), str(START_MS + 200 * MINUTE_MS)),
        ("2026-01-01T01:40", "2026-01-01T03:20Z"),
        ("2026-01-01T10:40+09:00", "2026-01-01 03:20"),
    ],
)
def test_a_range_in_ms_or_iso_is_cut_and_warmed_up_by_what_lies_before(
    here: Path, capsys: pytest.CaptureFixture[str], start: str, end: str
) -> None:
    shown = document(capsys, "--from", start, "--to", end)
    assert shown["metrics"]["start_ms"] == START_MS + 100 * MINUTE_MS
    assert shown["metrics"]["end_ms"] == START_MS + 200 * MINUTE_MS
    whole = [trade["entry_time"] for trade in document(capsys)["trades"]]
    later = [time for time in whole if time > START_MS + 100 * MINUTE_MS]
    assert shown["trades"][0]["entry_time"] == later[0]


def test_a_date_alone_is_its_midnight(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert document(capsys, "--from", "2026-01-01")["metrics"]["bars"] == BARS


def test_rules_come_from_a_file_and_options_win(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "rules.toml").write_text(
        'initial_balance = 7000\nsymbol = "XRPUSDT"\nfixed_qty = 0.01\nqty_step = 0.01\n'
    )
    shown = document(capsys, "--config", "rules.toml")
    assert shown["metrics"]["initial_balance"] == 7_000.0
    assert {(trade["symbol"], trade["qty"]) for trade in shown["trades"]} == {("XRPUSDT", 0.01)}
    shown = document(capsys, "--config", "rules.toml", "--balance", "8000", "--symbol", "BTCUSDT")
    assert shown["metrics"]["initial_balance"] == 8_000.0
    assert shown["trades"][0]["symbol"] == "BTCUSDT"


def test_a_markets_own_rules_hold_also_when_it_is_traded_alone(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "rules.toml").write_text('symbol = "XRPUSDT"\n[markets.XRPUSDT]\ntaker_fee = 0.0\n')
    shown = document(capsys, "--config", "rules.toml")
    assert {trade["fees"] for trade in shown["trades"]} == {0.0}


def test_funding_is_charged_from_its_file(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rates = [f"{START_MS + hour * 60 * MINUTE_MS},0.01" for hour in range(1, 6)]
    write_csv(here / "funding.csv", rates, "timestamp,funding_rate")
    shown = document(capsys, "--funding", "funding.csv")
    assert shown["metrics"]["costs"]["funding_usdt"] != 0.0


def test_gaps_and_bad_rows_are_told_with_their_lines(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = csv_rows(waves(BARS))
    rows[50] = rows[50].replace(rows[50].split(",")[2], "-1")
    del rows[100:103]
    write_csv(here / "BTCUSD-1m-2026.csv", rows)
    assert run("--json") == 0
    printed = capsys.readouterr()
    notes = json.loads(printed.out)["notes"]
    assert "bad_row: line=52, reason=not_positive" in notes
    assert any(note.startswith("gap: line=102, missing=3, ") for note in notes)
    assert "bad_row: line=52" in printed.err
    assert "gap: line=102" in printed.err


def test_without_json_it_is_a_table_for_the_eyes(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run() == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("waves · BTCUSDT · 1m\n2026-01-01 00:00 .. 2026-01-01 06:40 UTC")
    for word in ("Total return", "Max drawdown", "Profit factor", "Fees", "conventions:"):
        assert word in printed.out
    assert max(len(line) for line in printed.out.splitlines()) <= 110
    assert printed.err == ""


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--candles", "missing.csv"), "missing.csv"),
        (("--strategy", "no such thing"), "no such thing"),
        (("--strategy", "ema_cros"), "ema_cross"),
        (("--strategy", "missing.rules"), "missing.rules"),
        (("--strategy", "binary.rules"), "binary.rules"),
        (("--timeframe", "7m"), "7m"),
        (("--from", "2030-01-01"), "2026-01-01"),
        (("--config", "missing.toml"), "missing.toml"),
        (("--to", "2026-01-01T00:03"), ""),
    ],
)
def test_what_is_wrong_is_one_line_and_code_one(
    here: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], said: str
) -> None:
    (here / "binary.rules").write_bytes(b"\xff\xfe\x00")
    assert run(*options) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert len(printed.err.splitlines()) == 1
    assert said in printed.err


def test_a_timeframe_that_the_files_bars_do_not_make_is_refused(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_csv(here / "BTCUSD-3m.csv", csv_rows(waves(BARS, length_ms=3 * MINUTE_MS)))
    assert run("--candles", "BTCUSD-3m.csv", "--timeframe", "1m") == 1
    assert run("--candles", "BTCUSD-3m.csv", "--timeframe", "5m") == 1
    assert len(capsys.readouterr().err.splitlines()) == 2


def test_mistakes_in_a_program_have_their_places(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "bad.rules").write_text("buy = emma(close, 3) > 1\nsell = close < nothing\n")
    assert run("--strategy", "bad.rules") == 1
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("bad.rules:1:7")
    assert second.startswith("bad.rules:2:")


@pytest.mark.parametrize(
    "options", [("--detail", "1m"), ("--from", "yesterday"), ("--to", "2026-13-01")]
)
def test_an_option_that_cannot_be_honoured_is_refused_with_code_two(
    here: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, str]
) -> None:
    assert run(*options) == 2
    assert capsys.readouterr().err.startswith(options[0])


def test_a_name_that_states_no_symbol_is_bitcoin(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "BTCUSD-1m-2026.csv").rename(here / "prices.csv")
    shown = document(capsys, "--candles", "prices.csv")
    assert shown["trades"][0]["symbol"] == "BTCUSDT"


def test_levels_are_decided_on_finer_candles_when_asked(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = document(capsys, "--timeframe", "15m", "--detail", "5m")
    assert "detail: minutes=5.0, bars_without=0" in shown["notes"]
    assert shown["metrics"]["bars"] == BARS // 15


@pytest.mark.parametrize(
    "options",
    [
        ("--from", "2026-01-01T01:00", "--to", "2026-01-01T02:00"),
        ("--timeframe", "5m", "--detail", "1m", "--from", "2026-01-01T02:00"),
    ],
    ids=["one minute", "five minutes, stepped minute by minute"],
)
def test_replay_makes_the_same_trades(
    here: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...]
) -> None:
    tested = document(capsys, *options)["trades"]
    assert run("--json", *options, command="replay") == 0
    replayed = json.loads(capsys.readouterr().out)["trades"]
    assert len(tested) == len(replayed) > 1
    for ours, live in zip(tested, replayed, strict=True):
        for exact in ("side", "qty", "entry_time", "exit_time", "exit_reason", "exit_detail"):
            assert ours[exact] == live[exact]
        assert ours["entry_price"] == pytest.approx(live["entry_price"], abs=1e-8)
        assert ours["exit_price"] == pytest.approx(live["exit_price"], abs=1e-8)


def test_several_files_are_traded_on_one_balance_in_both_commands(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_csv(
        here / "ETHUSD-1m-2026.csv", csv_rows(waves(BARS, start_ms=START_MS - 40 * MINUTE_MS))
    )
    rates = [f"{START_MS + 70 * MINUTE_MS},0.01"]
    write_csv(here / "ETHUSDT-funding.csv", rates, "timestamp,funding_rate")
    files = ("--candles", "BTCUSD-1m-2026.csv,ETHUSD-1m-2026.csv")
    span = ("--from", "2026-01-01T01:00", "--to", "2026-01-01T02:00")
    traded = ("--symbol", "BTCUSDT,ETHUSDT")
    options = (*files, *span, *traded, "--funding", "ETHUSDT-funding.csv")
    tested = document(capsys, *options)["trades"]
    assert {trade["symbol"] for trade in tested} == {"BTCUSDT", "ETHUSDT"}
    assert run("--json", *options, command="replay") == 0
    replayed = json.loads(capsys.readouterr().out)["trades"]
    assert [_key(trade) for trade in tested] == [_key(trade) for trade in replayed]


def _key(trade: dict[str, Any]) -> tuple[Any, ...]:
    exact = ("symbol", "side", "qty", "entry_time", "exit_time", "exit_reason", "exit_detail")
    return tuple(trade[name] for name in exact)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--symbol", "BTCUSDT,BTCUSDT"), 2),
        (("--funding", "XRPUSDT-funding.csv,ETHUSDT-funding.csv"), 2),
        (("--symbol", "BTCUSDT,XRPUSDT"), 1),
    ],
)
def test_files_and_symbols_that_do_not_go_together_are_refused(
    here: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, str], code: int
) -> None:
    write_csv(here / "ETHUSD-1m-2026.csv", csv_rows(waves(BARS)))
    assert run("--candles", "BTCUSD-1m-2026.csv,ETHUSD-1m-2026.csv", *options) == code
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_replay_without_json_is_the_same_table(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--from", "2026-01-01T01:00", "--to", "2026-01-01T01:10", command="replay") == 0
    assert capsys.readouterr().out.startswith("waves · BTCUSDT · 1m\n")


BESIDE = (
    'buy = crossover(close, sma(close, 3)) and symbol("ETHUSDT", timeframe("5m", close > open))\n'
    "sell = crossunder(close, sma(close, 8))"
)


def test_other_markets_come_from_files_of_their_own(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_csv(here / "ETHUSD-1m-2026.csv", csv_rows(waves(BARS - 40)))
    (here / "beside.rules").write_text(BESIDE)
    files = ("--strategy", "beside.rules", "--candles", "BTCUSD-1m-2026.csv,ETHUSD-1m-2026.csv")
    shown = document(capsys, *files)
    assert {trade["symbol"] for trade in shown["trades"]} == {"BTCUSDT"}
    buys = [trade["entry_time"] for trade in shown["trades"] if trade["side"] == "buy"]
    assert buys
    assert max(buys) <= START_MS + (BARS - 40) * MINUTE_MS
    assert run(*files, "--json", command="replay") == 0
    replayed = json.loads(capsys.readouterr().out)["trades"]
    assert [trade["entry_time"] for trade in replayed] == [
        trade["entry_time"] for trade in shown["trades"]
    ]
    shown = document(capsys, *files, "--symbol", "ETHUSDT")
    assert {trade["symbol"] for trade in shown["trades"]} == {"ETHUSDT"}


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ("BTCUSD-1m-2026.csv", "The rules look at ETHUSDT"),
        ("BTCUSD-1m-2026.csv,BTCUSD-1m-2026.csv", "BTCUSDT"),
        (" , ", "names no file"),
    ],
)
def test_a_market_without_a_file_is_named(
    here: Path, capsys: pytest.CaptureFixture[str], files: str, said: str
) -> None:
    (here / "beside.rules").write_text(BESIDE)
    assert run("--strategy", "beside.rules", "--candles", files) != 0
    assert said in capsys.readouterr().err
