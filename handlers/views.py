"""A view: what a card shows. A command sends it, a tap edits it in place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.clock import from_ms
from handlers.context import Context
from handlers.render import numbers
from handlers.render.text import italic
from handlers.texts import Html, Translator
from handlers.types import Button, Keyboard, Reply

_SAME_TIME_S = 120


@dataclass(frozen=True, slots=True)
class View:
    """`card`: "kind:ref" of a live card, None for a message that is not kept up to date."""

    text: Html
    keyboard: Keyboard = ()
    card: str | None = None


def present(ctx: Context, view: View) -> Reply:
    """In place of the tapped message, or as a new one."""
    if ctx.incoming.callback_id is None:
        return Reply.text(view.text, view.keyboard, view.card)
    return Reply.edit(view.text, view.keyboard, view.card)


def anew(view: View) -> Reply:
    """Always a new message: a tapped notification stays as it was."""
    return Reply.text(view.text, view.keyboard, view.card)


def as_of(t: Translator, wall: datetime, market_ms: int) -> Html:
    """The time a card shows: the market's, said so when it runs apart from the wall's."""
    at = from_ms(market_ms)
    if abs((wall - at).total_seconds()) <= _SAME_TIME_S:
        return italic(t("card.as_of", time=numbers.clock(t, at)))
    return italic(t("card.as_of_market", time=numbers.long_moment(t, at)))


def rows_of(buttons: list[Button], per_row: int) -> Keyboard:
    """Buttons in rows of at most `per_row`."""
    return tuple(
        tuple(buttons[start : start + per_row]) for start in range(0, len(buttons), per_row)
    )


def pager(ctx: Context, action: str, page: int, pages: int, *args: object) -> Keyboard:
    """The row ◀ 2/7 ▶; nothing for a single page. The page, from 1, is the tap's first argument."""
    if pages <= 1:
        return ()
    row = [ctx.buttons.show(f"{page}/{pages}", action, page, *args)]
    if page > 1:
        row.insert(0, ctx.buttons.show("◀", action, page - 1, *args))
    if page < pages:
        row.append(ctx.buttons.show("▶", action, page + 1, *args))
    return (tuple(row),)
