"""What was sent is remembered across a kill, until the database knows it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.journal import SentJournal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sent.journal"


def test_a_successor_knows_what_was_sent(path: Path) -> None:
    SentJournal(path).record(["i1.0"], 77)
    assert SentJournal(path).sent("i1.0") == 77


def test_what_was_not_sent_is_unknown(path: Path) -> None:
    assert SentJournal(path).sent("i1.0") is None


def test_a_line_that_a_crash_cut_off_is_left_out(path: Path) -> None:
    journal = SentJournal(path)
    journal.record(["i1.0"], 77)
    with path.open("a") as file:
        file.write("i2.0 7")
    assert SentJournal(path).sent("i1.0") == 77
    assert SentJournal(path).sent("i2.0") is None


def test_one_message_can_settle_several_keys(path: Path) -> None:
    SentJournal(path).record(["o1", "o2"], 5)
    successor = SentJournal(path)
    assert (successor.sent("o1"), successor.sent("o2")) == (5, 5)


def test_what_was_sent_for_a_row_is_forgotten_together(path: Path) -> None:
    journal = SentJournal(path)
    journal.record(["i7.0"], 1)
    journal.record(["i7.1/0"], 2)
    journal.record(["i7.1"], 3)
    journal.record(["i70.0"], 4)
    assert journal.knows("i7")
    journal.forget(["i7"])
    assert not journal.knows("i7")
    assert [journal.sent(key) for key in ("i7.0", "i7.1/0", "i7.1", "i70.0")] == [
        None,
        None,
        None,
        4,
    ]


def test_a_line_that_was_cut_off_does_not_spoil_the_next_one(path: Path) -> None:
    SentJournal(path).record(["i1.0"], 77)
    with path.open("a") as file:
        file.write("i2.0 7")
    SentJournal(path).record(["i3.0"], 8)
    successor = SentJournal(path)
    assert [successor.sent(key) for key in ("i1.0", "i2.0", "i3.0")] == [77, None, 8]


def test_rubbish_in_the_file_keeps_nobody_from_starting(path: Path) -> None:
    path.write_bytes(b"\xff\xfe\x00 1\ni1.0 seven\n\ni2.0 9\n")
    journal = SentJournal(path)
    assert (journal.sent("i1.0"), journal.sent("i2.0")) == (None, 9)


def test_lines_left_over_from_closed_rows_are_dropped_at_the_start(path: Path) -> None:
    journal = SentJournal(path)
    journal.record(["i1.0"], 1)
    journal.record(["i2.0"], 2)
    journal.record(["o1"], 3)
    journal.keep_only("i", {"i2"})
    assert [journal.sent(key) for key in ("i1.0", "i2.0", "o1")] == [None, 2, 3]


def test_a_full_disk_does_not_make_a_sent_message_unsent(path: Path) -> None:
    journal = SentJournal(path)
    journal.close()
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("needs a device that is always full")
    journal._file = os.open(full, os.O_WRONLY)
    journal.record(["i1.0"], 5)
    assert journal.sent("i1.0") == 5


def test_the_file_is_empty_once_the_database_knows_everything(path: Path) -> None:
    journal = SentJournal(path)
    journal.record(["i1.0"], 1)
    journal.record(["i2.0"], 2)
    journal.forget(["i1"])
    assert path.stat().st_size > 0
    journal.forget(["i2"])
    assert path.stat().st_size == 0
    journal.record(["i3.0"], 3)
    assert SentJournal(path).sent("i3.0") == 3


def test_a_long_journal_is_compacted_to_what_is_still_needed(path: Path) -> None:
    journal = SentJournal(path)
    journal.record(["keep"], 1)
    for number in range(60_000):
        journal.record([f"i{number}.0"], number)
        journal.forget([f"i{number}"])
    assert path.stat().st_size < 1 << 20
    journal.record(["after"], 2)
    successor = SentJournal(path)
    assert (successor.sent("keep"), successor.sent("after")) == (1, 2)
