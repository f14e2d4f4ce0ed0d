"""A round of the fuzzer; `python -m tests.strategies.fuzz SECONDS` goes on for longer."""

from __future__ import annotations

import itertools
import os

from tests.strategies.fuzz import attempt, mutants

ROUND = int(os.environ.get("LEVERFRAME_FUZZ_PROGRAMS", "300"))


def test_no_garbled_program_crashes_anything() -> None:
    accepted = [attempt(code) for code in itertools.islice(mutants(seed=1), ROUND)]
    assert 0 < sum(accepted) < ROUND
