"""From two mistakes to another trader's copy: a strategy's life in the chat, in both languages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.backtests.lab import waves
from tests.support.market import FakeMarket
from tests.support.world import Person, World, world

WRONG = """\
fast = param(5, min=2, max=50)
buy  = crossover(smaa(close, fast), sma(close, 20))
sell = crossunder(sma(close, fast), sma(closed, 20))
"""
PLACE = re.compile(r"^(\d+):(\d+): ", re.MULTILINE)


@dataclass(frozen=True)
class Words:
    """What the buttons and answers say in one language."""

    saved: str
    backtest: str
    run: str
    cancel: str
    cancelled: str
    queued: str
    again: str
    search: str
    tried: str
    test_best: str
    start_best: str
    share: str
    take: str
    imported: str


ENGLISH = Words(
    "Saved.", "Backtest it", "Run the backtest", "Cancel the backtest", "Cancelled", "Queued",
    "Again with", "Search #3", "4 combinations tried", "Backtest with these", "Start with these",
    "Share", "Import", "Imported",
)  # fmt: skip
KOREAN = Words(
    "저장했습니다", "백테스트", "백테스트 실행", "백테스트 취소", "취소", "대기 중",
    "바꿔서 다시", "최적화 #3", "4개 조합", "이 값으로 백테스트", "이 값으로 시작",
    "공유", "가져오기", "가져왔습니다",
)  # fmt: skip


def corrected(code: str, told: str) -> str:
    """What somebody does who reads nothing but the errors: put the suggestion where they point."""
    rows = code.split("\n")
    for place in PLACE.finditer(told):
        line, column = int(place[1]) - 1, int(place[2]) - 1
        said = told[place.end() :].split("\n")[0]
        wrong = re.match(r"\w+", rows[line][column:])
        assert wrong is not None
        [meant] = [word for word in ("sma", "close") if re.search(rf"\b{word}\b", said, re.ASCII)]
        rows[line] = rows[line][:column] + meant + rows[line][column + len(wrong[0]) :]
    return "\n".join(rows)


def shown_link(said: str) -> str:
    found = re.search(r"start=([\w-]+)", said)
    assert found is not None
    return found[1]


async def works(w: World) -> None:
    """The queue is worked off by a real worker process."""
    await w.container.heavy_jobs.settle()
    await w.settles()


@pytest.mark.parametrize(("language", "words"), [("en", ENGLISH), ("ko", KOREAN)])
async def test_a_strategy_is_written_tested_and_handed_on(
    tmp_path: Path, language: str, words: Words
) -> None:
    market = FakeMarket()
    candles = waves(300)
    for row in zip(candles.open, candles.high, candles.low, candles.close, strict=True):
        market.bar(*(float(value) for value in row))
    async with world(tmp_path, market=market) as w:
        alice, bob = await w.trader("alice", language), await w.trader("bob", language)
        await writes(alice, words)
        await tries_out(w, alice, words)
        await searches(w, alice, words)
        await hands_on(w, alice, bob, words)


async def writes(alice: Person, words: Words) -> None:
    """Two mistakes, fixed by the errors alone."""
    await alice.sends("/new_strategy Waves")
    told = await alice.sends(WRONG)
    assert len(PLACE.findall(told)) == 2
    assert words.saved in await alice.sends(corrected(WRONG, told))


async def tries_out(w: World, alice: Person, words: Words) -> None:
    """One is called off, the next runs, and runs again with another input."""
    for label in (words.backtest, "BTCUSDT", "1m"):
        await alice.taps(label)
    assert words.queued in await alice.taps(words.run)
    assert words.cancelled in await alice.taps(words.cancel)
    await works(w)
    assert w.calls("sendPhoto") == []
    assert words.queued in await alice.sends("/backtest waves btc 1m fast=7")
    await works(w)
    [sent] = w.calls("sendPhoto")
    assert "Waves" in sent["params"]["caption"]
    assert "fast" in await alice.taps(words.again)


async def searches(w: World, alice: Person, words: Words) -> None:
    """The best inputs are looked for, would start a bot, and are backtested."""
    assert words.queued in await alice.sends("/optimize waves btc 1m fast=3..9/2")
    await works(w)
    found = w.calls("sendPhoto")[-1]["params"]["caption"]
    assert words.search in found
    assert words.tried in found
    assert "fast" in await alice.taps(words.start_best)
    assert words.queued in await alice.taps(words.test_best)
    await works(w)
    assert len(w.calls("sendPhoto")) == 3


async def hands_on(w: World, alice: Person, bob: Person, words: Words) -> None:
    """The receiver reads it, tests it, and has a copy."""
    await alice.sends("/strategy waves")
    payload = shown_link(await alice.taps(words.share))
    card = await bob.sends(f"/start {payload}")
    assert "crossover(sma(close, fast), sma(close, 20))" in card
    assert "alice" not in card
    for label in (words.backtest, "BTCUSDT", "1m", words.run):
        await bob.taps(label)
    await works(w)
    assert len(w.calls("sendPhoto")) == 4
    await bob.sends(f"/start {payload}")
    assert words.imported in await bob.taps(words.take)
    assert "Waves" in await bob.sends("/strategies")
