"""The source is parsed once for all of these tests; coverage learns nothing from them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.architecture import sources


@pytest.fixture(scope="package", autouse=True)
def _trees() -> Iterator[None]:
    yield
    sources.forget()


@pytest.fixture(autouse=True)
def _untraced(no_cover: None) -> None:
    """Tracing would double what they take."""
