"""The pictures of a finished backtest, one message: a button changes which one is shown; and the
one of a study.
"""

from __future__ import annotations

import asyncio
from typing import Any

from domain.backtests import service as backtests
from domain.backtests.models import BacktestResult
from domain.backtests.pictures import OVERVIEW, PICTURES, chart_file
from domain.errors import DomainError
from domain.research.service import MONTECARLO, OPTIMIZE, WALKFORWARD
from handlers.callbacks import Buttons
from handlers.context import Context
from handlers.documents import buttons_for
from handlers.render import result_alerts
from handlers.texts import Translator, plain
from handlers.types import Action, Button, Keyboard, Reply
from handlers.views import rows_of

_PER_ROW = 3
PICTURED = frozenset({OPTIMIZE, WALKFORWARD, MONTECARLO})
"""Studies that have a picture: a single one."""


async def tap_picture(ctx: Context) -> Reply:
    """Another picture in place of the one that is shown. As a message of its own with a third
    argument, and of a study. Raises DomainError("picture_gone") for one that was tidied away.
    """
    row = await backtests.get(ctx.session, ctx.user.id, int(ctx.tap["0"]))
    which = PICTURES[int(ctx.tap["1"])]
    file = chart_file(row.id, which)
    if await asyncio.to_thread(ctx.services.shelf.get, file) is None:
        raise DomainError("picture_gone", result=row.id)
    if row.kind in PICTURED:
        return Reply((Action("photo", text=caption(ctx.t, row), file=file),))
    keyboard = keyboard_below(ctx.t, ctx.buttons, row.id, row.strategy_id, which)
    kind = "photo" if "2" in ctx.tap else "edit_media"
    return Reply((Action(kind, text=caption(ctx.t, row), keyboard=keyboard, file=file),))


def caption(t: Translator, row: BacktestResult) -> str:
    """What stands below each of them: the same as below the first."""
    params = row.params or {}
    about: dict[str, Any] = {
        **{name: params.get(name) for name in ("start_ms", "end_ms", "wished_ms")},
        "result_id": row.id,
        "strategy": params.get("strategy", ""),
        "symbol": row.pair,
        "timeframe": row.timeframe,
    }
    if row.kind in PICTURED:
        return result_alerts.study_done(about | {"kind": row.kind, "found": row.metrics}, t)
    return result_alerts.backtest_done(about | {"metrics": row.metrics}, t)


def keyboard_below(
    t: Translator,
    buttons: Buttons,
    result_id: int,
    strategy_id: int | None,
    shown: str = OVERVIEW,
) -> Keyboard:
    """The other pictures, the documents, and what one wants next."""
    pictures = [
        _picture_button(t, buttons, result_id, number, marked=which == shown)
        for number, which in enumerate(PICTURES)
    ]
    files = buttons_for(t, buttons, result_id)
    shown_rows = (*rows_of(pictures, _PER_ROW), files)
    if strategy_id is None:  # of a strategy that was only shown
        return shown_rows
    show = buttons.show
    start = show(plain(t("button.start_this")), "begin", "start_as", result_id, style="success")
    again = show(plain(t("button.again_with")), "begin", "again", result_id)
    return (*shown_rows, (start, again))


def open_button(t: Translator, buttons: Buttons, result_id: int) -> Button:
    """The first picture, as a message of its own."""
    return buttons.show(plain(t("button.pictures")), "pic", result_id, 0, 1)


def _picture_button(
    t: Translator, buttons: Buttons, result_id: int, number: int, *, marked: bool
) -> Button:
    label = plain(t(f"button.picture_{PICTURES[number]}"))
    return buttons.show(f"✓ {label}" if marked else label, "pic", result_id, number)
