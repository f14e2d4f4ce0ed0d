"""Files stay small enough to be read in one go."""

from __future__ import annotations

from statistics import median

from tests.architecture.sources import PACKAGES, TEST_PACKAGES, modules

LIMIT = 400
MEDIAN = 100

LONGER: dict[str, str] = {}
"""File over the limit -> why it is better whole."""


def lines(text: str) -> int:
    return len(text.splitlines())


def test_no_module_is_over_the_limit_without_a_reason() -> None:
    found = {
        module.path: lines(module.text)
        for module in modules(*PACKAGES, *TEST_PACKAGES)
        if lines(module.text) > LIMIT and module.path not in LONGER
    }
    assert not found, f"split it, or say in LONGER why more than {LIMIT} lines are better whole"


def test_every_exception_from_the_limit_is_still_needed() -> None:
    long = {m.path for m in modules(*PACKAGES, *TEST_PACKAGES) if lines(m.text) > LIMIT}
    assert set(LONGER) <= long


def test_the_median_source_file_is_short() -> None:
    sizes = [lines(module.text) for module in modules(*PACKAGES) if module.text.strip()]
    assert median(sizes) < MEDIAN
