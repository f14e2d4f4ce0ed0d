"""Outbox kind and parameters -> what is said: short, to be read at a glance on a locked phone.

Parameters are described where the rows are written; one that is missing leaves its line out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from domain.outbox import kinds
from domain.research.service import OPTIMIZE, WALKFORWARD
from handlers.backtests import after_search
from handlers.callbacks import Buttons
from handlers.pictures import keyboard_below
from handlers.render import alerts, key_cards, kill_cards, result_alerts
from handlers.texts import Html, Translator, plain
from handlers.types import Action, Keyboard

Params = Mapping[str, Any]

_SPOKEN: dict[str, Callable[[Params, Translator], Html]] = {
    kinds.SIGNAL: alerts.signal,
    kinds.ENTRY: alerts.entry,
    kinds.EXIT: alerts.exit_,
    kinds.ORDER_EXPIRED: alerts.order_ended,
    kinds.ORDER_REJECTED: alerts.order_ended,
    kinds.ORDER_FAILED: alerts.order_ended,
    kinds.STOP_RESTORED: alerts.stop_restored,
    kinds.POSITION_GONE: alerts.position_gone,
    kinds.POSITION_DIFFERS: alerts.position_differs,
    kinds.DAILY_LOSS: result_alerts.daily_loss,
    kinds.BACKTEST_DONE: result_alerts.backtest_done,
    kinds.BACKTEST_FAILED: result_alerts.backtest_failed,
    kinds.KEY: key_cards.told,
    kinds.PANIC: result_alerts.panic,
    kinds.KILL: kill_cards.told,
    kinds.STUDY_DONE: result_alerts.study_done,
    kinds.STUDY_FAILED: result_alerts.study_failed,
}

_POSITIONS = ("button.positions", "open", "positions", None)
_STATUS = ("button.status", "open", "status", None)
_STOP = ("button.stop_bot", "begin", "stop", "danger")
_SETTLE = ("button.settle", "begin", "settle", "danger")
_TRADES = ("button.trades", "open", "trades", None)
_PNL = ("button.pnl", "open", "pnl", None)
_RISK = ("button.risk", "open", "risk", None)
_KEYS = ("button.keys", "open", "keys", None)
_CONNECT = ("button.connect_again", "begin", "connect", "success")

_BUTTONS: dict[str, tuple[tuple[str, str, str, str | None], ...]] = {
    kinds.SIGNAL: (_POSITIONS,),
    kinds.ENTRY: (_POSITIONS, _STOP),
    kinds.EXIT: (_TRADES, _PNL),
    kinds.ORDER_REJECTED: (_STATUS,),
    kinds.ORDER_FAILED: (_STATUS,),
    kinds.STOP_RESTORED: (_POSITIONS,),
    kinds.POSITION_GONE: (_SETTLE, _POSITIONS),
    kinds.POSITION_DIFFERS: (_POSITIONS,),
    kinds.DAILY_LOSS: (_STATUS, _RISK),
    kinds.KEY: (_KEYS,),
    kinds.PANIC: (_POSITIONS, _STATUS),
    kinds.KILL: (_POSITIONS, _STATUS),
}
"""Kind -> (label, action, view, style): each opens its view as a new message."""


def render(kind: str, params: Params, t: Translator, buttons: Buttons | None = None) -> Action:
    """The message for one outbox row: a photo with a caption when there is a file, else a text.

    With `buttons` it gets those that help. Raises LookupError for a kind nobody can speak.
    """
    if kind not in _SPOKEN:
        raise LookupError(f"no notification of kind {kind!r}")
    text = _SPOKEN[kind](params, t)
    keyboard = () if buttons is None else _keyboard(kind, params, t, buttons)
    file = params.get("file")
    return Action("photo" if file else "send", text=text, keyboard=keyboard, file=file)


def _keyboard(kind: str, params: Params, t: Translator, buttons: Buttons) -> Keyboard:
    if kind == kinds.BACKTEST_DONE and params.get("result_id") is not None:
        strategy = params.get("strategy_id")
        return keyboard_below(t, buttons, int(params["result_id"]), strategy)
    if kind == kinds.STUDY_DONE and params.get("kind") == OPTIMIZE:
        return after_search(t, buttons, int(params["result_id"]))
    if kind == kinds.STUDY_DONE and params.get("kind") == WALKFORWARD:
        again = plain(t("button.again_with"))
        return ((buttons.show(again, "begin", "again", params["result_id"]),),)
    wanted = _BUTTONS.get(kind, ())
    if kind == kinds.KEY and key_cards.is_refused(params):
        wanted = (_CONNECT, *wanted)
    row = tuple(
        buttons.show(plain(t(label)), action, view, style=style)
        for label, action, view, style in wanted
    )
    return (row,) if row else ()
