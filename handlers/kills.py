"""/kill and /unkill: an operator stops everybody, one user or one symbol, and lets them go on."""

from __future__ import annotations

from domain.bots import killing
from domain.errors import DomainError
from domain.market.ports import unknown_symbol
from domain.risk import kills
from domain.risk.kills import ALL, SYMBOL, USER, Target
from domain.users import service as users
from handlers.arguments import looks_like_symbol, symbol_of
from handlers.context import Context
from handlers.render import kill_cards
from handlers.texts import plain
from handlers.types import Reply
from handlers.views import View, present

_WORDS = {
    ALL: ALL,
    "everything": ALL,
    "everybody": ALL,
    "전체": ALL,
    "모두": ALL,
    USER: USER,
    "사용자": USER,
    "회원": USER,
    SYMBOL: SYMBOL,
    "market": SYMBOL,
    "종목": SYMBOL,
    "심볼": SYMBOL,
}


async def kill(ctx: Context) -> Reply:
    """`/kill user <number or address> | symbol <symbol> | all`: what that would stop and close;
    bare, what is stopped now.

    Raises DomainError("kill_usage" | "unknown_user" | "unknown_symbol" | "kill_stands").
    """
    if not ctx.incoming.args:
        return present(ctx, await _standing_view(ctx))
    target = await _target(ctx)
    if any(each.target == target.key for each in await kills.standing(ctx.session)):
        raise DomainError("kill_stands")
    accounts, positions = await killing.concerned(ctx.session, target)
    t, buttons = ctx.t, ctx.buttons
    named = kill_cards.named(t, target)
    go = buttons.act(
        plain(t("button.kill", target=named)),
        "go_kill",
        style="danger",
        urgent=True,
        target=target.key,
    )
    cancel = buttons.show(plain(t("button.cancel")), "kills")
    who = await _address(ctx, target)
    text = kill_cards.confirm(t, named, who, accounts, positions)
    return present(ctx, View(text, ((go,), (cancel,))))


async def tap_kill(ctx: Context) -> Reply:
    """The confirmed kill. Raises DomainError("kill_stands")."""
    target = Target.of(str(ctx.tap["target"]))
    await kills.place(ctx.session, target, ctx.user.id, ctx.now)
    t, show = ctx.t, ctx.buttons.show
    foot = (show(plain(t("button.kills")), "kills"), show(plain(t("button.menu")), "menu"))
    return present(ctx, View(kill_cards.placed(t, kill_cards.named(t, target)), (foot,)))


async def show_kills(ctx: Context) -> Reply:
    """What is stopped now, as a tap."""
    return present(ctx, await _standing_view(ctx))


async def unkill(ctx: Context) -> Reply:
    """`/unkill` with the same words; a code was given.

    Raises DomainError("kill_usage" | "unknown_user" | "unknown_symbol" | "kill_not_there").
    """
    if not ctx.incoming.args:
        return present(ctx, await _standing_view(ctx))
    return await _lifted(ctx, await _target(ctx))


async def tap_unkill(ctx: Context) -> Reply:
    """A kill's button; a code was given. Raises DomainError("kill_not_there")."""
    number = int(ctx.tap["0"])
    found = [each for each in await kills.standing(ctx.session) if each.id == number]
    if not found:
        raise DomainError("kill_not_there")
    return await _lifted(ctx, Target.of(found[0].target))


async def _lifted(ctx: Context, target: Target) -> Reply:
    placed = await kills.lift(ctx.session, target, ctx.user.id, ctx.now)
    left = await killing.left(ctx.session, placed.id)
    named = kill_cards.named(ctx.t, target)
    return present(ctx, View(kill_cards.lifted(ctx.t, named, left)))


async def _standing_view(ctx: Context) -> View:
    """Each kill with who, since when and how far; a button lifts it."""
    t, show = ctx.t, ctx.buttons.show
    rows, lifts = [], []
    for each in await kills.standing(ctx.session):
        rows.append(kill_cards.row(t, each, await killing.left(ctx.session, each.id)))
        label = t("button.unkill", target=kill_cards.named(t, Target.of(each.target)))
        lifts.append((show(plain(label), "unkill", each.id),))
    foot = (show(plain(t("button.refresh")), "kills"), show(plain(t("button.menu")), "menu"))
    return View(kill_cards.standing(t, rows), (*lifts, foot))


async def _target(ctx: Context) -> Target:
    first, *rest = ctx.incoming.args
    scope = _WORDS.get(first.lower())
    if scope == ALL and not rest:
        return Target(ALL)
    if scope is None and not rest:
        scope, rest = _scope_of(ctx, first), [first]
    if scope == USER and len(rest) == 1:
        return Target(USER, user_id=(await users.named(ctx.session, rest[0])).id)
    if scope == SYMBOL and len(rest) == 1:
        return Target(SYMBOL, symbol=_symbol(ctx, rest[0]))
    raise DomainError("kill_usage")


async def _address(ctx: Context, target: Target) -> str | None:
    """Whose account it is: numbers are mistaken easily."""
    if target.user_id is None:
        return None
    user = await users.get(ctx.session, target.user_id)
    return " · ".join(part for part in (user.name, user.email) if part)


def _scope_of(ctx: Context, word: str) -> str | None:
    """What a single word means: a market's name, or a user's number or address."""
    if symbol_of(word, ctx.services.market.symbols()) or looks_like_symbol(word):
        return SYMBOL
    return USER if "@" in word or word.lstrip("#").isdecimal() else None


def _symbol(ctx: Context, word: str) -> str:
    known = ctx.services.market.symbols()
    found = symbol_of(word, known)
    if found is None:
        raise unknown_symbol(word.upper(), known)
    return found
