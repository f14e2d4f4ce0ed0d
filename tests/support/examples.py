"""Hypothesis, so that a run of the same commit draws the same examples."""

from __future__ import annotations

from hypothesis.internal.conjecture import providers


def draw_from_what_is_loaded_now() -> None:
    """Hypothesis takes some of its numbers and words from the sources of ours that are loaded, also
    where it is told to repeat itself (`derandomize`). What a test loads in its course depends on
    which tests ran before it in its process, and so on chance: it is no source of examples.
    """
    found = providers._get_local_constants()
    providers._get_local_constants = lambda: found
