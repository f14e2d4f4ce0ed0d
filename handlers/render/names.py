"""What a strategy is called in the reader's language."""

from __future__ import annotations

from domain.strategies.builtins import BUILTINS
from handlers.texts import Translator

_SHIPPED = {builtin.name: builtin.names for builtin in BUILTINS}


def strategy(t: Translator, name: str) -> str:
    """A shipped strategy's name in the reader's language; any other as its author called it."""
    return _SHIPPED.get(name, {}).get(t.lang, name)
