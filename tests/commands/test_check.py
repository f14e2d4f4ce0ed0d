"""`leverframe check`: mistakes with their places, else what the program is and needs."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.cli import main
from domain.strategies.language import compile_rules, format_rules

CODE = """# mine
fast=param(12, min=2)
wild=param(True)
buy=crossover(ema(close,fast), 0) and timeframe("4h", close > ema(close, 50)) and wild
stop_loss=2 if profit<3 else -0.1
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "mine.rules"
    made.write_text(CODE)
    return made


def test_a_program_is_told_by_what_it_gives_takes_and_needs(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(file)]) == 0
    said = capsys.readouterr().out
    assert f"fine, hash {compile_rules(CODE).hash[:12]}" in said
    assert "outputs: buy, stop_loss (follows the position)" in said
    assert "inputs: fast = 12 (2..), wild = True" in said
    assert "on 15m: first signal after at most 814 bars, remembers 9134" in said
    assert "reads besides: 4h (569 bars)" in said


def test_the_chart_can_be_chosen_and_defaults_to_one_that_fits(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(file), "--timeframe", "1h"]) == 0
    assert "on 1h: first signal after at most 202 bars" in capsys.readouterr().out
    file.write_text('buy = timeframe("5m", close > open)')
    assert main(["check", str(file)]) == 0
    assert "on 1m: first signal" in capsys.readouterr().out
    file.write_text('buy = timeframe("5m", close > open)')
    assert main(["check", str(file), "--timeframe", "1h"]) == 1
    assert "5m" in capsys.readouterr().err


def test_a_program_is_printed_tidily(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(file), "--format"]) == 0
    printed = capsys.readouterr().out
    assert printed == format_rules(compile_rules(CODE))
    assert printed.startswith("# mine\nfast = param(12, min=2)\n")


def test_what_would_be_too_long_when_tidy_is_not_printed(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chain = " < ".join(["close"] * 40)  # each link becomes a comparison of its own
    file.write_text(f"buy = {chain} # {'x' * (9_900 - len(chain))}")
    assert main(["check", str(file)]) == 0
    assert main(["check", str(file), "--format"]) == 1
    said = capsys.readouterr()
    assert "10000" in said.err
    assert ": fine" in said.out
    assert "buy = " not in said.out


def test_mistakes_are_told_line_by_line(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text("buy = emma(close, 3) > 1\nsell = profit > 1")
    assert main(["check", str(file)]) == 1
    said = capsys.readouterr().err.splitlines()
    assert [line.split(":")[1:3] for line in said] == [["1", "7"], ["2", "8"]]
    assert "ema" in said[0]


def test_what_is_no_text_cannot_be_read(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_bytes(b"\xff\xfe")
    assert main(["check", str(file)]) == 1
    assert "cannot be read" in capsys.readouterr().err
