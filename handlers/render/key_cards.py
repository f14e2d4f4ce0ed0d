"""Keys as they may be shown: masked, with their rights, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from domain.keys.ports import MANAGE, READ, TRADE, TRANSFER, WITHDRAW
from domain.keys.service import KeyView
from handlers.errors import sentence_of
from handlers.render import numbers
from handlers.render.text import bold, code, join, lines
from handlers.texts import Html, Translator

_KNOWN = (READ, TRADE, WITHDRAW, TRANSFER, MANAGE)
_TAKEN = {"ready": "key.ready", "rights": "key.rights", "waiting": "key.waiting"}
_SIGNS = {"ready": "🟢", "checking": "⏳", "imported": "❔", "rights": "⚠️", "disabled": "🔴"}


def overview(t: Translator, keys: Sequence[KeyView]) -> Html:
    """All of them."""
    if not keys:
        return lines(t("keys.title"), "", t("keys.none"))
    parts: list[str] = [t("keys.title")]
    for key in keys:
        parts += ["", _one(t, key)]
    return lines(*parts)


def told(params: Mapping[str, Any], t: Translator) -> Html:
    """A notification: what the exchange said of a key. `outcome` as in `domain.keys.checks`."""
    outcome = str(params.get("outcome", ""))
    shown = str(params.get("key", ""))
    kind = t("keys.kind_demo" if params.get("demo") else "keys.kind_live")
    allowed = _rights(t, params.get("rights") or ())
    if not is_refused(params):
        return lines(
            t(_TAKEN[outcome], shown=shown, kind=kind),
            t("keys.rights", rights=allowed) if allowed else None,
            t("keys.unbound") if outcome == "ready" and not params.get("ips") else None,
        )
    first = params.get("first") is True
    return lines(
        t("key.refused" if first else "key.dead", shown=shown, kind=kind),
        reason(t, outcome),
        t("keys.rights", rights=allowed) if allowed else None,
        None if first else t("key.dead_means"),
    )


def is_refused(params: Mapping[str, Any]) -> bool:
    """Whether such a notification tells of a key that cannot be used."""
    return params.get("outcome") not in _TAKEN


def reason(t: Translator, why: str) -> Html:
    """Why a key is not used."""
    return t(f"key.why_{why}") if t.knows(f"key.why_{why}") else sentence_of(why, t)


def _one(t: Translator, key: KeyView) -> Html:
    kind = t("keys.kind_demo" if key.demo else "keys.kind_live")
    account = None if key.account_type is None else t(f"keys.account_{key.account_type}")
    mode = None if key.position_mode is None else t(f"keys.mode_{key.position_mode}")
    usable = key.state == "ready"
    return lines(
        join(" ", _SIGNS[key.state], bold(key.exchange.capitalize()), code(key.masked)),
        join(" · ", kind, account, mode),
        t(f"keys.state_{key.state}") if key.state != "disabled" else reason(t, key.reason or ""),
        t("keys.rights", rights=_rights(t, key.rights)) if key.rights else None,
        t("keys.bound", ips=", ".join(key.ips)) if key.ips else None,
        t("keys.unbound") if usable and not key.ips else None,
        t("keys.checked", time=numbers.moment(t, key.checked_at)) if key.checked_at else None,
    )


def _rights(t: Translator, rights: Sequence[str]) -> Html:
    """In words; the exchange's own for those that nobody knows."""
    return join(", ", *(t(f"right.{one}") if one in _KNOWN else code(one) for one in rights))
