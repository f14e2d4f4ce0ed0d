"""/audit: what was done that matters, for operators."""

from __future__ import annotations

from domain.audit import service as audit
from domain.audit.models import AuditEntry
from handlers.context import Context
from handlers.render import numbers
from handlers.render.text import bold, code, join, lines
from handlers.strategies import page_number
from handlers.texts import Html, Translator
from handlers.types import Reply
from handlers.views import View, pager, present

_ROWS = 8


async def show_audit(ctx: Context) -> Reply:
    """`/audit [page]`: newest first."""
    return present(ctx, await _view(ctx, page_number(ctx)))


async def tap_audit(ctx: Context) -> Reply:
    """A page of it."""
    return present(ctx, await _view(ctx, int(ctx.tap["0"])))


async def _view(ctx: Context, page: int) -> View:
    total = await audit.count(ctx.session)
    pages = max(1, -(-total // _ROWS))
    page = min(max(1, page), pages)
    entries = await audit.latest(ctx.session, limit=_ROWS, offset=(page - 1) * _ROWS)
    shown = [_entry(ctx.t, entry) for entry in entries]
    text = lines(ctx.t("audit.title"), "", *(shown or [ctx.t("audit.none")]))
    return View(text, pager(ctx, "audit", page, pages))


def _entry(t: Translator, entry: AuditEntry) -> Html:
    """When, who, what, about whom; the action by its name, as in the log."""
    detail = ", ".join(f"{name}={value}" for name, value in entry.detail.items())
    about = None if entry.user_id is None else f"#{entry.user_id}"
    at = numbers.moment(t, entry.at)
    first = join(" · ", f"{entry.id}", at, entry.actor, about)
    return lines(first, join(" ", bold(entry.action), code(detail) if detail else None))
