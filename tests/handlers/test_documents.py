"""Files to keep: a backtest's trades and report, the account's trades."""

from __future__ import annotations

import csv
import io
from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.backtests.notes import run_notes
from domain.backtests.result import Counters
from domain.backtests.rules import Rules
from handlers.render import report_notes, spreadsheets
from handlers.render.report_figures import unnamed
from handlers.texts import Translator
from tests.architecture.sources import ROOT
from tests.backtests.lab import waves
from tests.handlers.rows import closed, has_result
from tests.support.market import FakeMarket
from tests.support.world import World, world

PNG = b"\x89PNG\r\n\x1a\n"


def sent(w: World) -> bytes:
    """The newest document's content."""
    assert w.calls("sendDocument")
    folder = w.container.settings.data_dir / "documents"
    newest = max(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns)
    return newest.read_bytes()


async def test_a_backtests_trades_and_report_come_as_files(tmp_path: Path) -> None:
    market = FakeMarket()
    bars = waves(400)
    for row in zip(bars.open, bars.high, bars.low, bars.close, strict=True):
        market.bar(*(float(value) for value in row))
    async with world(tmp_path, market=market) as w:
        alice = await w.trader("alice", "ko")
        await alice.sends("/backtest ema btc 1m 30d")
        await w.container.heavy_jobs.settle()
        await w.settles()
        said = await alice.taps("CSV")
        rows = list(csv.DictReader(io.StringIO(sent(w).decode())))
        assert f"{len(rows)}건" in said
        assert len(rows) > 3
        assert list(rows[0]) == list(spreadsheets.BACKTEST_TRADES)
        assert [int(row["number"]) for row in rows] == list(range(1, len(rows) + 1))
        assert rows[0]["entry_time"].endswith("Z")
        await alice.taps("보고서")
        page = sent(w).decode()
        assert page.count("data:image/png;base64,") == 6
        assert "최대 낙폭" in page
        assert "crossover" in page
        assert "<script" not in page
        assert "http" not in page.replace("http-equiv", "")


async def test_a_report_outlives_its_pictures(w: World) -> None:
    alice = await w.trader("alice")
    await has_result(w, alice, data_hash="ab12", params={
        "strategy": "<b>x</b>", "start_ms": 0, "end_ms": 86_400_000,
        "code": "up = param(True)\nn = param(5)\nk = param(9)\nbuy = low < ema(open, n) + k and up",
        "inputs": {"n": 7}, "look": {"theme": "light", "lang": "en"},
    })  # fmt: skip
    await alice.sends("/results 1")
    await alice.taps("report")
    page = sent(w).decode()
    assert "<img" not in page
    assert "&lt;b&gt;x&lt;/b&gt;" in page
    assert "buy = low &lt; ema(open, n)" in page
    for name, value in (("up", "on"), ("n", "7"), ("k", "9")):
        assert f"<td>{name}</td><td>{value}</td>" in page
    assert "ab12" in page


async def test_what_is_not_finished_has_no_files(w: World) -> None:
    alice, bob = await w.trader("alice"), await w.trader("bob")
    await has_result(w, alice)
    await alice.sends("/results 1")
    _, data = alice.button("CSV")
    assert "not" in (await bob.forges(data)).lower()
    assert w.calls("sendDocument") == []


async def test_closed_trades_are_exported_with_their_columns(w: World) -> None:
    alice = await w.trader("alice")
    assert "no closed trades" in await alice.sends("/export trades")
    await closed(w, alice, 3, exit_detail="=1+1")
    assert "3" in await alice.sends("/export")
    rows = list(csv.DictReader(io.StringIO(sent(w).decode())))
    assert list(rows[0]) == list(spreadsheets.TRADES)
    assert rows[0]["exit_detail"] == "'=1+1"
    assert rows[0]["pnl_usdt"].startswith("50")
    assert rows[0]["exit_reason"] == "take_profit"
    assert "/export trades" in await alice.sends("/export everything")


@given(words=st.text(max_size=20))
def test_no_text_can_be_run_as_a_formula(words: str) -> None:
    content = spreadsheets.table(["a"], [[words]]).decode()
    rows = list(csv.reader(io.StringIO(content, newline="")))
    cell = rows[1][0] if len(rows) > 1 and rows[1] else ""
    assert cell in (words, f"'{words}")
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


def test_numbers_stay_numbers_and_times_are_utc() -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    content = spreadsheets.table(["a"], [[-1.5, Decimal("-1E-8"), moment, None, 3]])
    assert content == b"a\r\n-1.5,-0.00000001,2026-01-02T03:04:05Z,,3\r\n"


def test_every_column_is_documented() -> None:
    said = (ROOT / "docs" / "documents.md").read_text("utf-8")
    for column in {*spreadsheets.BACKTEST_TRADES, *spreadsheets.TRADES}:
        assert f"`{column}`" in said


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_notes_are_sentences_and_what_nobody_knows_stays(lang: str) -> None:
    t = Translator(lang)
    gaps = "data_gaps: count=2, missing=7, longest=5, longest_start_ms=1493596800000"
    assert "2017" in report_notes.sentence(t, gaps)
    assert "5,352" in report_notes.sentence(t, "both_touched: count=5352")
    assert report_notes.sentence(t, "news: a=<1>") == "news: a=&lt;1&gt;"
    assert report_notes.sentence(t, "data_gaps: count=2") == "data_gaps: count=2"


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_the_rules_in_force_are_said_as_people_write_them(lang: str) -> None:
    nothing = Counters(*(0 for _ in fields(Counters)))
    rules = run_notes(Rules(daily_loss_limit=1_500.0), nothing)[-1]
    said = report_notes.sentence(Translator(lang), str(rules))
    for text in ("0.06%", "1,500.00 USDT", "1%", "UTC"):
        assert text in said
    unlimited = str(rules).replace("1500.0", "none")
    assert Translator(lang)("strategy.off") in report_notes.sentence(Translator(lang), unlimited)


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_what_did_not_become_a_trade_is_said_by_a_note_and_nowhere_raw(lang: str) -> None:
    t = Translator(lang)
    for counter in fields(Counters):
        assert t.knows(f"note.{counter.name}")
        assert unnamed({counter.name: 3}) == []
