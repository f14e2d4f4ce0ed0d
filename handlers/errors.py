"""Expected errors as sentences: what is wrong and what to do, never a code."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from domain.bots.modes import MODES
from domain.errors import DomainError
from domain.strategies.language import RuleErrors
from handlers import rule_errors
from handlers.render import numbers
from handlers.texts import Html, Translator, plain
from handlers.types import Reply

_OF_MODES = frozenset({"mode", "before", "after"})
_LONG_AGO = frozenset({"first", "last"})
"""Moments that may be of another year."""
_TOAST_CHARS = 200
"""The longest text a tapped button can be answered with."""


def explain(error: DomainError, t: Translator, *, tapped: bool = False) -> Reply:
    """The reply to an expected error: a pop-up for a tapped button, else a message."""
    text = sentence(error, t)
    if tapped and len(plain(text)) <= _TOAST_CHARS:
        return Reply.answer(plain(text), alert=True)
    return Reply.text(text)


def sentence(error: DomainError, t: Translator) -> Html:
    """The sentence for an error; the general one when it has none or its values do not fit."""
    if isinstance(error, RuleErrors):
        return rule_errors.message(error, t)
    key = f"error.{error.code}"
    if error.params.get("whole") is True:
        key = "error.limit_not_whole"
    if not t.knows(key):
        return t("error.general")
    try:
        return t(key, **{name: _shown(t, name, value) for name, value in error.params.items()})
    except LookupError:
        return t("error.general")


def sentence_of(code: str, t: Translator) -> Html:
    """The sentence for a code that stands alone, as in a row."""
    return sentence(DomainError(code), t)


def sorry(reference: str, t: Translator) -> Html:
    """For what nobody expected: an apology with the reference that stands in the log."""
    return t("error.unexpected", reference=reference)


def _shown(t: Translator, name: str, value: object) -> object:
    """Numbers, moments and modes as the reader writes them; a setting's name as itself."""
    if name in _OF_MODES and value in MODES:
        return t(f"mode.{value}")
    if isinstance(value, datetime):
        return numbers.long_moment(t, value) if name in _LONG_AGO else numbers.moment(t, value)
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return numbers.setting(t, value)
    return value
