"""Bitget's public data through ccxt, against a local server with the exchange's shapes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import aiohttp
import ccxt.async_support as ccxt
import pytest
from aiohttp.test_utils import TestServer

from bot.adapters.candle_store import CandleStore, Page
from bot.adapters.ccxt_exchange import as_domain_error, open_session
from bot.adapters.ccxt_public import CcxtMarket, open_exchange_market
from domain.clock import ManualClock
from domain.errors import DomainError
from domain.market.timeframes import DAY_MS, MINUTE_MS, to_ms
from tests.market.store import in_thread
from tests.support.bars import NEW_YEAR_MS, bars_at
from tests.support.bitget import Bitget

HOUR = 60 * MINUTE_MS
MINUTES = 3_000
NOW = NEW_YEAR_MS + MINUTES * MINUTE_MS


@dataclass
class Stand:
    """The exchange, its clock and our client."""

    bitget: Bitget
    clock: ManualClock
    market: CcxtMarket
    server: TestServer


@pytest.fixture
async def stand() -> AsyncIterator[Stand]:
    clock = ManualClock(NOW)
    bars = bars_at([NEW_YEAR_MS + index * MINUTE_MS for index in range(MINUTES + 1)])
    bitget = Bitget(clock, bars)
    server = TestServer(bitget.app())
    await server.start_server()
    url = str(server.make_url("/"))
    market = open_exchange_market(clock, base_url=url, rate_limited=False)
    yield Stand(bitget, clock, market, server)
    await market.aclose()
    await server.close()


@pytest.mark.parametrize("inclusive", [False, True])
async def test_the_last_closed_bars_come_back_without_the_open_one(
    stand: Stand, inclusive: bool
) -> None:
    stand.bitget.inclusive = inclusive
    stand.clock.advance(59)
    bars = await stand.market.candles("BTCUSDT", "1m", end_ms=NOW + DAY_MS, limit=50)
    assert bars.time.tolist() == [NOW - back * MINUTE_MS for back in range(50, 0, -1)]
    assert bars.close[-1] == stand.bitget.candles.close[MINUTES - 1]


@pytest.mark.parametrize("inclusive", [False, True])
async def test_more_than_a_page_is_read_page_by_page(stand: Stand, inclusive: bool) -> None:
    stand.bitget.inclusive = inclusive
    bars = await stand.market.candles("BTCUSDT", "1m", end_ms=NOW, limit=2_500)
    assert bars.time.tolist() == [NOW - back * MINUTE_MS for back in range(2_500, 0, -1)]
    assert max(int(query["limit"]) for query in stand.bitget.called("candles")) == 1_000
    assert len(stand.bitget.calls) < 12


async def test_older_bars_come_from_the_history_endpoint(stand: Stand) -> None:
    stand.clock.advance(60 * 86_400)
    bars = await stand.market.candles("BTCUSDT", "1m", end_ms=NOW, limit=500)
    assert bars.time.tolist() == [NOW - back * MINUTE_MS for back in range(500, 0, -1)]
    asked = stand.bitget.called("history-candles")
    assert [int(query["limit"]) for query in asked] == [200, 200, 100]


async def test_history_that_ends_gives_fewer_bars(stand: Stand) -> None:
    bars = await stand.market.candles("BTCUSDT", "1m", end_ms=NOW, limit=4_000)
    assert len(bars) == MINUTES
    early = await stand.market.candles("BTCUSDT", "1m", end_ms=NEW_YEAR_MS, limit=10)
    assert len(early) == 0


async def test_a_long_history_is_kept_and_short_ones_are_not(stand: Stand, tmp_path: Path) -> None:
    def store(page: Page) -> CandleStore:
        return CandleStore(tmp_path, "bitget", stand.clock, in_thread, page, tmp_path / "work")

    url = str(stand.server.make_url("/"))
    market = open_exchange_market(stand.clock, base_url=url, rate_limited=False, store=store)
    stand.clock.advance(120)
    shares: list[float] = []
    await market.prefetch("BTCUSDT", "1m", end_ms=NOW, limit=2_500, tell=shares.append)
    asked = len(stand.bitget.called("candles"))
    assert shares[-1] == 1.0
    bars = await market.candles("BTCUSDT", "1m", end_ms=NOW, limit=2_500)
    assert bars.time.tolist() == [NOW - back * MINUTE_MS for back in range(2_500, 0, -1)]
    assert len(stand.bitget.called("candles")) == asked
    await market.candles("BTCUSDT", "1m", end_ms=NOW, limit=100)
    assert len(stand.bitget.called("candles")) == asked + 1
    await market.aclose()


@pytest.mark.parametrize("timeframe", ["15m", "1h", "4h", "1d"])
async def test_every_timeframe_is_asked_for_on_its_grid(stand: Stand, timeframe: str) -> None:
    length = to_ms(timeframe)
    stand.bitget.candles = bars_at(
        [NOW - NOW % length - back * length for back in range(9, -1, -1)]
    )
    bars = await stand.market.candles("BTCUSDT", timeframe, end_ms=NOW, limit=3)
    assert bars.time[-1] + length == NOW - NOW % length
    assert len(bars) == 3


async def test_stepping_takes_the_closed_minutes_of_a_span(stand: Stand) -> None:
    stand.clock.advance(30)
    bars = await stand.market.minute_bars("BTCUSDT", NOW - 3 * MINUTE_MS, NOW + HOUR)
    assert bars.time.tolist() == [NOW - 3 * MINUTE_MS, NOW - 2 * MINUTE_MS, NOW - MINUTE_MS]
    assert len(await stand.market.minute_bars("BTCUSDT", NOW, NOW + HOUR)) == 0


async def test_the_price_carries_mark_and_its_time(stand: Stand) -> None:
    stand.bitget.price |= {"lastPr": "60010.5", "markPrice": "60009.1", "ts": str(NOW - 40)}
    price = await stand.market.price("BTCUSDT")
    assert (price.last, price.mark, price.at_ms) == (60010.5, 60009.1, NOW - 40)
    stand.bitget.price = {"symbol": "BTCUSDT"}
    with pytest.raises(DomainError, match="no_price"):
        await stand.market.price("BTCUSDT")


async def test_limits_are_exact(stand: Stand) -> None:
    stand.bitget.tiers = [{"symbol": "BTCUSDT", "level": "1", "keepMarginRate": "0.0035"}]
    limits = await stand.market.contract("BTCUSDT")
    assert (limits.price_tick, limits.price_decimals) == (Decimal("0.1"), 1)
    assert (limits.qty_step, limits.min_qty) == (Decimal("0.001"), Decimal("0.001"))
    assert (limits.min_cost_usdt, limits.max_leverage) == (Decimal(5), 125)
    assert (limits.taker_fee, limits.maker_fee) == (Decimal("0.0006"), Decimal("0.0002"))
    assert (limits.mmr, limits.max_market_qty) == (Decimal("0.0035"), Decimal(220))
    assert await stand.market.contract("BTCUSDT") is limits


def tier(level: int, floor: str, rate: str) -> dict[str, str]:
    return {
        "symbol": "BTCUSDT", "level": str(level), "startUnit": floor, "endUnit": "",
        "keepMarginRate": rate,
    }  # fmt: skip


async def test_margin_tiers_ascend_from_the_lowest(stand: Stand) -> None:
    stand.bitget.tiers = [
        tier(3, "900000", "0.01"), tier(1, "0", "0.0035"), tier(2, "150000", "0.005"),
        tier(4, "4000000", "0.0099"),
    ]  # fmt: skip
    limits = await stand.market.contract("BTCUSDT")
    assert limits.mmr == Decimal("0.0035")
    assert limits.tiers == (
        (Decimal(150_000), Decimal("0.005")),
        (Decimal(900_000), Decimal("0.01")),
        (Decimal(4_000_000), Decimal("0.01")),
    )


async def test_without_tiers_the_usual_maintenance_margin_holds(stand: Stand) -> None:
    limits = await stand.market.contract("BTCUSDT")
    assert (limits.mmr, limits.tiers) == (Decimal("0.004"), ())


async def test_symbols_are_short_usdt_perpetuals(stand: Stand) -> None:
    (btc,) = stand.bitget.contracts
    assert stand.market.symbols() == ()
    assert stand.market.finest_timeframe("BTCUSDT") == "1m"
    stand.bitget.contracts += [
        btc | {"symbol": "ETHUSDT", "baseCoin": "ETH"},
        btc | {"symbol": "OLDUSDT", "baseCoin": "OLD", "symbolStatus": "off"},
        btc | {"symbol": "A" * 17 + "USDT", "baseCoin": "A" * 17},
    ]
    await stand.market.load()
    assert stand.market.symbols() == ("BTCUSDT", "ETHUSDT")
    with pytest.raises(DomainError, match="unknown_symbol"):
        await stand.market.price("A" * 17 + "USDT")
    with pytest.raises(DomainError, match="unknown_symbol"):
        stand.market.finest_timeframe("BTC/USDT:USDT")


async def test_the_list_of_contracts_is_fetched_once_a_day(stand: Stand) -> None:
    await stand.market.price("BTCUSDT")
    await stand.market.price("BTCUSDT")
    asked = len(stand.bitget.called("contracts"))
    stand.clock.advance(86_400)
    await stand.market.price("BTCUSDT")
    assert len(stand.bitget.called("contracts")) == 2 * asked


async def test_funding_is_read_page_by_page_and_cut_to_the_span(stand: Stand) -> None:
    stand.bitget.funding = [(NOW - back * 8 * HOUR, f"0.000{back % 9}") for back in range(250)]
    times, rates = await stand.market.funding("BTCUSDT", NOW - 120 * 8 * HOUR, NOW)
    assert times.tolist() == [NOW - back * 8 * HOUR for back in range(120, 0, -1)]
    assert rates[-1] == 0.0001
    assert len(stand.bitget.called("history-fund-rate")) == 2


async def test_funding_nobody_knows_is_empty(stand: Stand) -> None:
    assert len((await stand.market.funding("BTCUSDT", 0, NOW)).times) == 0


async def test_history_begins_with_the_listing_or_a_year_ago(stand: Stand) -> None:
    assert await stand.market.history_range("BTCUSDT") == (NOW - 365 * DAY_MS, NOW)
    stand.bitget.contracts[0]["launchTime"] = str(NOW - 3 * DAY_MS)
    stand.clock.advance(86_400)
    assert (await stand.market.history_range("BTCUSDT")).start_ms == NOW - 3 * DAY_MS


async def test_the_exchanges_time_is_readable(stand: Stand) -> None:
    assert await stand.market.server_time_ms() == NOW


@pytest.mark.parametrize(
    ("refused", "code"),
    [
        ((429, "429"), "exchange_busy"),
        ((200, "40200"), "exchange_maintenance"),
        ((200, "40725"), "exchange_unreachable"),
        ((502, "40010"), "exchange_unreachable"),
        ((400, "40034"), "exchange_refused"),
    ],
)
async def test_refusals_have_their_code(stand: Stand, refused: tuple[int, str], code: str) -> None:
    await stand.market.load()
    stand.bitget.refuse = refused
    with pytest.raises(DomainError) as caught:
        await stand.market.price("BTCUSDT")
    assert caught.value.code == code
    stand.bitget.refuse = None
    assert (await stand.market.price("BTCUSDT")).last > 0


async def test_a_limit_is_not_replaced_by_a_guess_while_the_exchange_is_away(stand: Stand) -> None:
    await stand.market.load()
    stand.bitget.refuse = (200, "40200")
    with pytest.raises(DomainError, match="exchange_maintenance"):
        await stand.market.contract("BTCUSDT")


@pytest.mark.parametrize("body", ["<html>gateway</html>", '{"code":"00000","data":[{}]}'])
async def test_an_answer_that_is_none_is_an_error_of_ours(stand: Stand, body: str) -> None:
    await stand.market.load()
    stand.bitget.body = body
    with pytest.raises(DomainError, match="exchange_bad_answer"):
        await stand.market.candles("BTCUSDT", "1m", end_ms=NOW, limit=5)


async def test_a_gateways_error_page_is_told_as_unreachable(stand: Stand) -> None:
    await stand.market.load()
    stand.bitget.body, stand.bitget.refuse = "<html>bad gateway</html>", (502, "")
    with pytest.raises(DomainError, match="exchange_unreachable"):
        await stand.market.price("BTCUSDT")


async def test_tiers_that_make_no_sense_leave_the_usual_rate(stand: Stand) -> None:
    stand.bitget.tiers = [{"symbol": "BTCUSDT", "keepMarginRate": ""}]
    assert (await stand.market.contract("BTCUSDT")).mmr == Decimal("0.004")


async def test_no_connection_is_told_as_unreachable(stand: Stand) -> None:
    await stand.server.close()
    with pytest.raises(DomainError, match="exchange_unreachable"):
        await stand.market.price("BTCUSDT")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ccxt.RequestTimeout("slow"), "exchange_unreachable"),
        (ccxt.DDoSProtection("hold"), "exchange_busy"),
        (ccxt.NullResponse("nothing"), "exchange_bad_answer"),
        (ccxt.AuthenticationError('bitget {"code":"40037"}'), "exchange_refused"),
    ],
)
def test_ccxts_errors_are_told_in_our_codes(error: ccxt.BaseError, code: str) -> None:
    assert as_domain_error(error).code == code


def test_a_connection_lost_in_the_middle_of_an_answer_is_unreachable() -> None:
    error = ccxt.ExchangeError("bitget GET")
    error.__cause__ = aiohttp.ClientPayloadError("cut off")
    assert as_domain_error(error).code == "exchange_unreachable"


async def test_a_client_without_an_address_talks_to_the_real_exchange() -> None:
    market = open_exchange_market(ManualClock(NOW))
    assert market.symbols() == ()
    await market.aclose()
    session = open_session()
    assert session.http.connector is not None
    await session.aclose()
