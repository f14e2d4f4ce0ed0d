"""Coverage's plugin: the tracer waits while a greenlet runs, and then goes on."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import greenlet
import pytest

from tests.support.tracing import switched

pytestmark = pytest.mark.no_cover


def tracer(_frame: FrameType, _event: str, _arg: Any) -> None:
    """Any function will do."""


@contextmanager
def traced() -> Iterator[None]:
    before = sys.gettrace(), greenlet.gettrace()
    greenlet.settrace(switched)
    sys.settrace(tracer)
    try:
        yield
    finally:
        sys.settrace(before[0])
        greenlet.settrace(before[1])


def test_a_greenlet_and_those_it_starts_are_not_traced_and_the_rest_is() -> None:
    def asks_further() -> list[Any]:
        seen = [sys.gettrace(), greenlet.greenlet(sys.gettrace).switch()]
        greenlet.getcurrent().parent.switch(seen)
        return [sys.gettrace()]

    with traced():
        inner = greenlet.greenlet(asks_further)
        assert inner.switch() == [None, None]
        assert sys.gettrace() is tracer
        assert inner.switch() == [None]
        assert sys.gettrace() is tracer


def test_where_nothing_is_traced_nothing_begins() -> None:
    with traced():
        sys.settrace(None)
        assert greenlet.greenlet(sys.gettrace).switch() is None
        assert sys.gettrace() is None
