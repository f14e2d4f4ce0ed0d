"""What an operator stops and has stopped, and what those concerned are told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from domain.risk.kills import ALL, FLAT, USER, Target
from domain.risk.models import Kill
from handlers.render import numbers
from handlers.render.text import italic, lines
from handlers.texts import Html, Translator

Params = Mapping[str, Any]


def named(t: Translator, target: Target) -> Html:
    """Who or what is meant."""
    if target.scope == ALL:
        return t("kill.all")
    if target.scope == USER:
        return t("kill.user", id=target.user_id)
    return t("kill.symbol", symbol=target.symbol)


def confirm(t: Translator, target: Html, who: str | None, accounts: int, positions: int) -> Html:
    """`who`: the user's address; `accounts`, `positions`: that it would concern, as known here."""
    return lines(
        t("kill.title", target=target),
        who,
        t("kill.what"),
        "",
        t("kill.concerns", accounts=accounts, positions=positions),
        "",
        italic(t("start_bot.expires")),
    )


def placed(t: Translator, target: Html) -> Html:
    """It stands; the rest is carried out."""
    return lines(t("kill.placed", target=target), t("kill.goes_on"))


def lifted(t: Translator, target: Html, left: int) -> Html:
    """`left`: accounts that are still being closed, and enter nothing until they are flat."""
    return lines(t("kill.lifted", target=target), t("kill.still_closing", n=left) if left else None)


def standing(t: Translator, rows: Sequence[Html]) -> Html:
    """The list, and how to make it longer."""
    return lines(t("kills.title"), "", *(rows or [t("kills.none")]), "", t("kills.usage"))


def row(t: Translator, kill: Kill, left: int) -> Html:
    """One that stands. `left`: accounts that are not flat yet, as far as they are known."""
    if kill.state == FLAT:
        how_far = t("kills.flat")
    else:
        how_far = t("kills.left", n=left) if left else t("kills.begun")
    return lines(
        t(
            "kills.row",
            target=named(t, Target.of(kill.target)),
            time=numbers.moment(t, kill.placed_at),
            by=kill.placed_by,
        ),
        how_far,
    )


def told(params: Params, t: Translator) -> Html:
    """To those concerned that it was placed or lifted; to who placed it that all are flat."""
    outcome = str(params.get("outcome", ""))
    target = Target(str(params.get("scope", ALL)), params.get("user"), params.get("symbol"))
    if outcome == "flat":
        return t("kill.all_flat", target=named(t, target), n=params.get("accounts", 0))
    what = {"all": "kill.told_all", "user": "kill.told_user", "symbol": "kill.told_symbol"}
    about = t(what.get(target.scope, "kill.told_all"), symbol=target.symbol or "")
    if outcome == "placed":
        return lines(t("kill.told_placed", what=about), t("kill.told_closing"))
    return t("kill.told_lifted", what=about)
