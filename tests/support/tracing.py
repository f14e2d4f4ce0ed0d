"""A plugin of coverage's (pyproject.toml): what runs in a greenlet is not traced.

SQLAlchemy's asynchronous sessions do their work in greenlets. To trace them too, coverage has to
ask at every call of every function which one it is in (`concurrency = greenlet`): the tests that
use a database then take half as long again. What of ours runs in there, the columns' types and
what a connection calls back, tests/columns runs outside too. Only the first thread has greenlets.
"""

from __future__ import annotations

import sys
from typing import Any

import greenlet

_waiting: list[Any] = []
"""The tracer of the thread's own stack, while a greenlet runs."""


def switched(_event: str, pair: tuple[greenlet.greenlet, greenlet.greenlet]) -> None:
    """Off from the thread's own stack to a greenlet the tracer waits; back on it, it goes on."""
    origin, target = pair
    if target.parent is None:
        if _waiting:
            sys.settrace(_waiting.pop())
    elif origin.parent is None and (tracer := sys.gettrace()):
        _waiting.append(tracer)
        sys.settrace(None)


def coverage_init(_registry: object, _options: dict[str, Any]) -> None:
    """Called by coverage in each process that it measures."""
    greenlet.settrace(switched)
