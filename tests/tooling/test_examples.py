"""What Hypothesis draws when it is told to repeat itself."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


def drawn() -> list[int]:
    """Many, so that every source of them is drawn from."""
    seen: list[int] = []

    @settings(derandomize=True, max_examples=400, database=None)
    @given(st.integers(0, 2**40))
    def draws(number: int) -> None:
        seen.append(number)

    draws()
    return seen


def test_what_is_loaded_in_the_course_of_a_run_changes_no_example(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = drawn()
    late = ModuleType("loaded_late")
    file = tmp_path / "loaded_late.py"
    file.write_text("\n".join(f"a{n} = {10**9 + n}" for n in range(1_000)))
    late.__file__ = str(file)
    monkeypatch.setitem(sys.modules, "loaded_late", late)
    assert drawn() == before
