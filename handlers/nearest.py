"""What somebody may have meant who typed a command that there is not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from domain.errors import DomainError
from domain.strategies.language.errors import closest
from handlers.types import Route

_SHOWN = 40


def no_command(word: str, routes: Mapping[str, Route]) -> DomainError:
    """Who typed it is not known here: no operator's command is named."""
    near = closest(word, (name for name, route in routes.items() if route.access != "admin"))
    if near is None:
        return DomainError("unknown_command", command=word[:_SHOWN])
    return DomainError("command_near", command=word[:_SHOWN], near=near)


def no_help(word: str, names: Iterable[str]) -> DomainError:
    """The same for `/help word`."""
    near = closest(word, names)
    if near is None:
        return DomainError("unknown_command", command=word[:_SHOWN])
    return DomainError("help_near", command=word[:_SHOWN], near=near)
