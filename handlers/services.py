"""The ports and services that handlers may call, built once by the container."""

from __future__ import annotations

from dataclasses import dataclass

from domain.cipher import Cipher
from domain.clock import MarketClock, WallClock
from domain.jobs.service import JobQueue
from domain.market.charting import Charts
from domain.market.ports import MarketData
from domain.market.storage import Blobs
from domain.outbox.service import Outbox
from domain.trading.ports import Exchanges
from handlers.attachments import Files


@dataclass(frozen=True, slots=True)
class Services:
    """`registration`: open, invite or closed. `invites`: codes accepted by /start. `bot_username`:
    for deep links. `public_url`: where our own pages are, None when there are none. `connects`:
    whether there is an exchange to connect a key of. `modes`: of paper, demo and live those that
    can be traded in here. `prices`: real, simulated or replayed; `money`: what live orders move,
    real or emulated. `shelf`: the data directory, where replies take their files from.
    """

    wall: WallClock
    clock: MarketClock
    market: MarketData
    exchanges: Exchanges
    queue: JobQueue
    outbox: Outbox
    cipher: Cipher
    files: Files
    shelf: Blobs
    charts: Charts
    exchange_name: str = "bitget"
    registration: str = "invite"
    invites: frozenset[str] = frozenset()
    admins: frozenset[int] = frozenset()
    bot_username: str = "leverframe_bot"
    public_url: str | None = None
    connects: bool = True
    modes: tuple[str, ...] = ("paper",)
    prices: str = "real"
    money: str = "real"
