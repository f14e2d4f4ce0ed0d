"""What is known of a history and what is not."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from domain.market.stretches import Stretch, joined, outside, within

STRETCHES = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)).map(lambda p: Stretch(*p)))
WANTED = st.tuples(st.integers(0, 40), st.integers(0, 40)).map(lambda pair: Stretch(*sorted(pair)))


def moments(stretches: list[Stretch]) -> set[int]:
    return {at for start, end in stretches for at in range(start, end)}


@given(stretches=STRETCHES)
def test_joined_they_cover_the_same_without_touching(stretches: list[Stretch]) -> None:
    found = joined(stretches)
    assert moments(found) == moments(stretches)
    assert all(before.end_ms < after.start_ms for before, after in pairwise(found))


@given(known=STRETCHES, wanted=WANTED)
def test_what_is_outside_is_all_that_is_wanted_and_not_known(
    known: list[Stretch], wanted: Stretch
) -> None:
    found = outside(known, wanted)
    assert moments(found) == moments([wanted]) - moments(known)
    assert all(start < end for start, end in found)
    assert moments(within(known, wanted)) == moments(known) & moments([wanted])
