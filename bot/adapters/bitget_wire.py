"""What is said on Bitget's websockets: subscriptions, and pushes as bars and prices.

Classic topics; the public ones serve every kind of account. A message holds at most 4,096 bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

import structlog

from bot.adapters.fed_series import Bar
from domain.market.ports import Price

PONG = "pong"
PUBLIC_PATH = "/v2/ws/public"
ADDRESS = "wss://ws.bitget.com"
PRODUCT = "USDT-FUTURES"
TICKER = "ticker"
CANDLES = {
    "1m": "candle1m", "5m": "candle5m", "15m": "candle15m", "30m": "candle30m",
    "1h": "candle1H", "4h": "candle4H", "6h": "candle6Hutc", "12h": "candle12Hutc",
    "1d": "candle1Dutc",
}  # fmt: skip
"""Timeframe -> channel; the days and their parts that begin at midnight UTC. 3m and 2h: none."""
AT_ONCE = 40
"""Topics of one message: well below its limit in bytes."""

log = structlog.get_logger(__name__)


class Topic(NamedTuple):
    """`channel`: as Bitget calls it; `symbol`: 'BTCUSDT'."""

    channel: str
    symbol: str


class Pushed(NamedTuple):
    """One message: its rows as they came."""

    topic: Topic
    data: list[Any]


def asking(operation: str, topics: Iterable[Topic]) -> str:
    """A message that subscribes to or unsubscribes from topics, `AT_ONCE` at most."""
    args = [
        {"instType": PRODUCT, "channel": topic.channel, "instId": topic.symbol} for topic in topics
    ]
    return json.dumps({"op": operation, "args": args}, separators=(",", ":"))


def batches(topics: Iterable[Topic]) -> Iterator[list[Topic]]:
    """As many as fit into one message each."""
    left = iter(topics)
    while batch := list(islice(left, AT_ONCE)):
        yield batch


def pushed(text: str) -> Pushed | None:
    """A message with data; None for one that confirms or refuses something. What is refused never
    comes, and REST goes on.

    Raises LookupError, TypeError or ValueError for what is none of Bitget's.
    """
    if text == PONG:
        return None
    message = json.loads(text)
    if message.get("event") == "error":
        log.warning(
            "websocket refuses", code=message.get("code"), why=str(message.get("msg"))[:200]
        )
    if message.get("event") is not None:
        return None
    arg = message["arg"]
    return Pushed(Topic(str(arg["channel"]), str(arg["instId"])), list(message["data"]))


def bars_of(rows: Iterable[list[Any]]) -> list[Bar]:
    """Candle rows, oldest first: open time, prices, volume in coins, and more that is not read."""
    return sorted(Bar(int(row[0]), *(float(value) for value in row[1:6])) for row in rows)


def price_of(row: dict[str, Any]) -> Price | None:
    """A ticker; None while nothing was traded."""
    last = float(row.get("lastPr") or 0)
    if last <= 0:
        return None
    turnover = row.get("quoteVolume")
    mark = float(row.get("markPrice") or last)
    return Price(last, mark, int(row["ts"]), float(turnover) if turnover else None)
