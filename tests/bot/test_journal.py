"""What was sent is remembered across a kill, until the database knows it."""

from __future__ import annotations

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


def test_the_actions_of_an_update_are_found_together(path: Path) -> None:
    journal = SentJournal(path)
    journal.record(["i7.0"], 1)
    journal.record(["i7.1/0"], 2)
    journal.record(["i7.1"], 3)
    journal.record(["i70.0"], 4)
    assert journal.of_update(7) == {0: 1, 1: 3}
    assert sorted(journal.keys_below("i7.")) == ["i7.0", "i7.1", "i7.1/0"]


def test_the_file_is_empty_once_the_database_knows_everything(path: Path) -> None:
    journal = SentJournal(path)
    journal.record(["i1.0"], 1)
    journal.record(["i2.0"], 2)
    journal.forget(["i1.0"])
    assert path.stat().st_size > 0
    journal.forget(["i2.0"])
    assert path.stat().st_size == 0
    journal.record(["i3.0"], 3)
    assert SentJournal(path).sent("i3.0") == 3


def test_a_long_journal_is_compacted_to_what_is_still_needed(path: Path) -> None:
    journal = SentJournal(path)
    journal.record(["keep"], 1)
    for number in range(60_000):
        journal.record([f"i{number}.0"], number)
        journal.forget([f"i{number}.0"])
    assert path.stat().st_size < 1 << 20
    journal.record(["after"], 2)
    successor = SentJournal(path)
    assert (successor.sent("keep"), successor.sent("after")) == (1, 2)
