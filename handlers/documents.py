"""Files: a backtest's trades and its report, and the trades of the account."""

from __future__ import annotations

import asyncio
import base64

from domain.backtests import service as backtests
from domain.backtests.pictures import PICTURES, chart_file
from domain.errors import DomainError
from domain.trading import queries
from handlers.callbacks import Buttons
from handlers.context import Context
from handlers.render import report, spreadsheets
from handlers.render.spreadsheets import Cell
from handlers.texts import Html, Translator, plain
from handlers.types import Action, Button, Reply

FOLDER = "documents"
"""Below the data directory."""
CSV, REPORT = 0, 1
_PAGE = 500
_WHAT = {"trades", "거래"}


async def tap_document(ctx: Context) -> Reply:
    """One of a finished backtest's files. Raises DomainError("unknown_result")."""
    row = await backtests.get(ctx.session, ctx.user.id, int(ctx.tap["0"]))
    if row.status != backtests.COMPLETED:
        raise DomainError("unknown_result", result=row.id)
    name = f"{row.pair}-{row.timeframe}-backtest-{row.id}"
    if int(ctx.tap["1"]) == CSV:
        trades: list[tuple[Cell, ...]] = []
        async for page in backtests.trade_pages(ctx.session, row.id):
            trades += [(number, *cells) for number, cells in enumerate(page, len(trades) + 1)]
        content = await asyncio.to_thread(spreadsheets.table, spreadsheets.BACKTEST_TRADES, trades)
        text = ctx.t("document.backtest_trades", id=row.id, n=len(trades))
        return await _document(ctx, f"{name}-trades.csv", content, text)
    pictures = await asyncio.to_thread(_pictures, ctx, row.id)
    content = await asyncio.to_thread(report.page, ctx.t, row, pictures)
    return await _document(ctx, f"{name}.html", content, ctx.t("document.report", id=row.id))


async def export(ctx: Context) -> Reply:
    """`/export trades`: every closed trade, of every mode.

    Raises DomainError("export_unknown" | "export_empty").
    """
    asked = ctx.incoming.args[0].lower() if ctx.incoming.args else "trades"
    if asked not in _WHAT:
        raise DomainError("export_unknown", what=asked[:20])
    rows: list[tuple[Cell, ...]] = []
    after = None
    while True:
        page = await queries.trade_page(ctx.session, ctx.user.id, limit=_PAGE, after=after)
        rows += [_cells(view) for view in page.rows]
        after = page.next
        if after is None:
            break
    if not rows:
        raise DomainError("export_empty")
    content = await asyncio.to_thread(spreadsheets.table, spreadsheets.TRADES, rows)
    return await _document(ctx, "trades.csv", content, ctx.t("document.trades", n=len(rows)))


def buttons_for(t: Translator, buttons: Buttons, result_id: int) -> tuple[Button, ...]:
    """The files of a finished backtest."""
    return (
        buttons.show(plain(t("button.document_csv")), "doc", result_id, CSV),
        buttons.show(plain(t("button.document_report")), "doc", result_id, REPORT),
    )


def _cells(view: queries.TradeView) -> tuple[Cell, ...]:
    trade = view.trade
    return (
        trade.id, trade.mode, trade.symbol, trade.side, trade.qty, trade.entry_price,
        trade.exit_price, trade.opened_at, trade.closed_at or trade.created_at, trade.pnl,
        trade.pnl_percent, trade.fees, trade.funding, trade.slippage, trade.leverage,
        str(trade.exit_reason.value), trade.exit_detail, view.strategy,
    )  # fmt: skip


def _pictures(ctx: Context, result_id: int) -> dict[str, str]:
    """Name -> PNG in base64; those that were tidied away are left out."""
    found: dict[str, str] = {}
    for which in PICTURES:
        content = ctx.services.shelf.get(chart_file(result_id, which))
        if content is not None:
            found[which] = base64.b64encode(content).decode()
    return found


async def _document(ctx: Context, name: str, content: bytes, text: Html) -> Reply:
    """`name`: as the reader sees it; on our disk it has the user's number before it."""
    file = f"{FOLDER}/{ctx.user.id}-{name}"
    await asyncio.to_thread(ctx.services.shelf.put, file, content)
    return Reply((Action("document", text=text, file=file, filename=name),))
