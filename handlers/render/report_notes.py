"""What a reader of a result must know, as sentences; `domain.backtests.notes` emits the codes."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from domain.clock import from_ms
from handlers.render import numbers
from handlers.texts import Html, Translator, markup


def sentence(t: Translator, note: str) -> Html:
    """ "data_gaps: count=3, ..." in the reader's language; a code nobody knows stays as it is."""
    code, _, rest = note.partition(": ")
    key = f"note.{code}"
    if not t.knows(key):
        return markup(note)
    pairs = (pair.partition("=")[::2] for pair in rest.split(", ")) if rest else ()
    values = {name: _read(t, name, value) for name, value in pairs}
    if isinstance(start := values.get("longest_start_ms"), int):
        values["longest_start"] = numbers.long_moment(t, from_ms(start))
    try:
        return t(f"note.{code}", **values)
    except LookupError:  # a note of another version, with other values
        return markup(note)


def _read(t: Translator, name: str, value: str) -> object:
    """A value of a note as its reader writes it."""
    if value.isdecimal():
        return int(value)
    try:
        number = Decimal(value)
    except InvalidOperation:
        return t("strategy.off") if value == "none" else value
    if name == "daily_loss_limit":
        return numbers.money(t, number)
    if name.endswith("_fee"):
        return numbers.setting(t, number * 100) + "%"
    return numbers.setting(t, number)
