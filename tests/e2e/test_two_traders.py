"""The main job, as two traders do it: over the client API, on candles that are replayed."""

from __future__ import annotations

import asyncio
import struct
from pathlib import Path

from tests.e2e.stage import PATIENCE_S, asks, button, downloaded, running_demo
from tests.support.sandbox_client import SandboxClient

CARD_LIFE_S = 30.0
CLIENT_WAIT_S = 60.0  # the longest that the client API waits
WORDS = {
    "alice": {"start": "Start", "running": "running", "signal": "signal", "entry": "opened",
              "exit": "closed", "positions": "Positions", "trades": "Trades", "pnl": "Profit",
              "expired": "expired"},
    "jisu": {"start": "시작", "running": "시작", "signal": "시그널", "entry": "진입",
             "exit": "종료", "positions": "포지션", "trades": "거래", "pnl": "손익", "expired": ""},
}  # fmt: skip


async def trades(people: SandboxClient, url: str, name: str) -> None:
    """Register, start a bot, wait for a signal, an entry and an exit, look at everything."""
    words = WORDS[name]
    first = await people.send(name, "/start")
    await people.wait_for(name, lambda m: m["from"] == "bot", PATIENCE_S, first["seq"])
    card = await asks(people, name, "/start_bot ema_cross BTCUSDT 15m", "BTCUSDT")
    await people.tap(name, card["message_id"], button(card, "15m"), wait=CLIENT_WAIT_S)
    for kind in ("signal", "entry", "exit"):
        await people.wait_for_text(name, words[kind], PATIENCE_S, card["seq"])
    for command in ("positions", "trades", "pnl"):
        await asks(people, name, f"/{command}", words[command])
    sent = await people.send(name, "/backtest ema_cross btc 15m 30d")
    chart = await people.wait_for(name, lambda m: bool(m["photo_url"]), PATIENCE_S, sent["seq"])
    picture = await downloaded(url, chart["photo_url"])
    assert picture.startswith(b"\x89PNG")
    assert struct.unpack(">II", picture[16:24]) == (1280, 960)
    assert len(picture) > 50_000


async def lets_a_card_expire(people: SandboxClient, name: str) -> None:
    """At 3,600 times the speed a confirm card still lives 30 real seconds."""
    await asks(people, name, "/start", "Welcome")
    card = await asks(people, name, "/start_bot ema_cross BTCUSDT 15m", "BTCUSDT")
    label = button(card, "15m")
    await asyncio.sleep(CARD_LIFE_S - 8.0)
    second = await asks(people, name, "/start_bot rsi_reversion BTCUSDT 15m", "BTCUSDT")
    await asyncio.sleep(10.0)
    late = await people.tap(name, card["message_id"], label, wait=CLIENT_WAIT_S)
    assert late["answer"]["show_alert"]
    assert "Running" not in late["answer"]["text"]
    good = await people.tap(name, second["message_id"], button(second, "15m"), wait=CLIENT_WAIT_S)
    assert good["answer"]["text"] == "Running"


async def test_two_traders_start_bots_and_are_told_everything(tmp_path: Path) -> None:
    with running_demo(tmp_path) as url:
        async with SandboxClient(url) as people:
            await people.user("jisu", language_code="ko")
            await asyncio.gather(
                trades(people, url, "alice"),
                trades(people, url, "jisu"),
                lets_a_card_expire(people, "carol"),
            )
