"""What `backtest` and `replay` share: their arguments read, their result said."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from tqdm import tqdm  # type: ignore[import-untyped]

from bot.adapters.candle_files import symbol_of
from bot.workers.candle_reader import read_candles, read_funding
from domain.backtests.rules import Rules
from domain.clock import from_ms
from domain.clock import to_ms as moment_to_ms
from domain.errors import DomainError
from domain.market.candles import Candles
from domain.market.resample import closed_by, resample
from domain.market.timeframes import to_ms
from domain.market.validation import DataReport
from domain.strategies.builtins import find_builtin
from domain.strategies.language import Bound, Frame, RuleErrors, compile_rules, reach
from handlers.rule_errors import lines
from handlers.texts import Translator, plain

WRONG_USAGE = 2
_QTY_STEP = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Study:
    """What to run over candles[first:]; the bars before only warm the program up.

    `others`: the series that the program reads besides. `detail`: finer candles to decide levels
    on. `notes`: what the candle files lacked, a line each.
    """

    name: str
    bound: Bound
    candles: Candles
    others: dict[Frame, Candles]
    first: int
    rules: Rules
    notes: list[str]
    detail: Candles | None = None


def prepare(arguments: argparse.Namespace) -> Study:
    """Read the files that the arguments name, resample, cut.

    Raises DomainError for anything wrong with the files; exits with 2 for an option that cannot be
    honoured.
    """
    start, end = moment("--from", arguments.start), moment("--to", arguments.end)
    name, bound = strategy_of(arguments.strategy)
    files = files_of(arguments.candles)
    rules = rules_of(arguments, next(iter(files)))
    read = {symbol: read_candles(path) for symbol, path in _wanted(files, rules, bound).items()}
    finest, report = read[rules.symbol]
    candles = in_timeframe(finest, report, arguments.timeframe, rules.symbol).between(None, end)
    begin = 0 if start is None else int(np.searchsorted(candles.time, start, "left"))
    if begin >= len(candles):
        first, last = from_ms(report.start_ms), from_ms(report.end_ms)
        raise DomainError("backtest_range", first=f"{first:%Y-%m-%d}", last=f"{last:%Y-%m-%d}")
    history = max(0, begin - bound.memory)
    detail = None
    if arguments.detail is not None:
        finer = detail_of(finest, report, arguments, rules.symbol)
        detail = finer.between(int(candles.time[history]), end)
    others = {
        frame: _series(frame, read, rules, arguments.timeframe).between(None, end)
        for frame in reach(bound, to_ms(arguments.timeframe)).others
    }
    notes = [note for _, found in read.values() for note in data_notes(found)]
    return Study(name, bound, candles.slice(history), others, begin - history, rules, notes, detail)


def detail_of(
    finest: Candles, report: DataReport, arguments: argparse.Namespace, symbol: str
) -> Candles:
    """The file's bars as bars of `--detail`; exits with 2 where they would not lie in the others.

    Raises as `in_timeframe`.
    """
    detail, timeframe = to_ms(arguments.detail), to_ms(arguments.timeframe)
    if detail >= timeframe or timeframe % detail:
        refuse("--detail", f"{arguments.detail} bars do not divide those of {arguments.timeframe}")
    return in_timeframe(finest, report, arguments.detail, symbol)


def files_of(text: str) -> dict[str, Path]:
    """Symbol -> file of `--candles FILE[,FILE]`, by the files' names; a single one may have any.

    Raises DomainError("candles_symbol" | "candles_symbol_twice").
    """
    paths = [Path(part.strip()) for part in text.split(",") if part.strip()]
    files: dict[str, Path] = {}
    for path in paths:
        symbol = symbol_of(path) if len(paths) > 1 else _symbol_in(path)
        if symbol in files:
            raise DomainError("candles_symbol_twice", file=path.name, symbol=symbol)
        files[symbol] = path
    if not files:
        refuse("--candles", "names no file")
    return files


def strategy_of(wanted: str) -> tuple[str, Bound]:
    """(name, program with its defaults) of a file, or of a built-in's name or slug.

    Raises DomainError("unknown_strategy", name) or ("strategy_unreadable", file). A program with
    mistakes ends the process with 1, each mistake on a line of its own.
    """
    path = Path(wanted)
    if path.is_file() or path.suffix == ".rules":
        try:
            code = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            raise DomainError("strategy_unreadable", file=path.name) from None
        return path.stem, _compiled(code, path)
    builtin = find_builtin(wanted)
    if builtin is None:
        raise DomainError("unknown_strategy", name=wanted[:60])
    return builtin.name, compile_rules(builtin.code).bind()


def _wanted(files: dict[str, Path], rules: Rules, bound: Bound) -> dict[str, Path]:
    """Symbol -> file: that of the symbol that is traded, else the first, and those only read.

    Raises DomainError("series_missing", symbol).
    """
    wanted = {rules.symbol: files.get(rules.symbol, next(iter(files.values())))}
    for symbol in bound.symbols:
        if symbol not in files and symbol != rules.symbol:
            raise DomainError("series_missing", symbol=symbol)
        wanted.setdefault(symbol, files.get(symbol, wanted[rules.symbol]))
    return wanted


def _series(
    frame: Frame, read: dict[str, tuple[Candles, DataReport]], rules: Rules, timeframe: str
) -> Candles:
    symbol = frame.symbol or rules.symbol
    return in_timeframe(*read[symbol], frame.timeframe or timeframe, symbol)


def rules_of(arguments: argparse.Namespace, symbol: str) -> Rules:
    """Those of `--config`, with what the other options say over them; `symbol`: the first file's.

    Money rests in the database in steps of 1e-8, so the two commands' balances differ by as much.
    Quantities get a coarser step where the rules name none: no rounding decides about a quantity.
    """
    rules = Rules() if arguments.config is None else Rules.from_toml(arguments.config)
    said: dict[str, Any] = {
        "timeframe": arguments.timeframe,
        "qty_step": rules.qty_step or _QTY_STEP,
    }
    if arguments.symbol or arguments.config is None:
        said["symbol"] = arguments.symbol or symbol
    if arguments.balance is not None:
        said["initial_balance"] = arguments.balance
    if arguments.funding is not None:
        said["funding"] = read_funding(arguments.funding)
    return replace(rules, **said)


def in_timeframe(candles: Candles, report: DataReport, timeframe: str, symbol: str) -> Candles:
    """The file's bars as bars of `timeframe`, the last one closed.

    Raises DomainError("timeframe_too_fine" | "timeframe_no_multiple").
    """
    length, finest = to_ms(timeframe), to_ms(report.timeframe)
    if length % finest:
        raise DomainError(
            "timeframe_too_fine" if length < finest else "timeframe_no_multiple",
            symbol=symbol,
            timeframe=timeframe,
            finest=report.timeframe,
        )
    if length == finest:
        return candles
    return closed_by(resample(candles, timeframe), timeframe, report.end_ms)


def data_notes(report: DataReport) -> list[str]:
    """Bad rows and gaps, each with its line in the file (a gap: the line after it)."""
    found = [f"bad_row: line={row.line}, reason={row.reason}" for row in report.bad_rows]
    if report.bad_count:
        found.append(f"bad_rows: left_out={report.bad_count}, listed={len(report.bad_rows)}")
    gaps = report.gaps
    found += [
        f"gap: line={gap.line}, missing={gap.missing}, start_ms={gap.start_ms}, end_ms={gap.end_ms}"
        f" ({from_ms(gap.start_ms):%Y-%m-%d %H:%M} .. {from_ms(gap.end_ms):%Y-%m-%d %H:%M} UTC)"
        for gap in gaps.longest
    ]
    if gaps.count:
        found.append(
            f"gaps_in_file: timeframe={report.timeframe}, count={gaps.count},"
            f" missing={gaps.missing}, listed={len(gaps.longest)}"
        )
    return found


def warn(notes: list[str]) -> None:
    """Say on standard error what is wrong with the data."""
    for note in notes:
        sys.stderr.write(f"{note}\n")


def moment(option: str, text: str | None) -> int | None:
    """ms, or ISO 8601 (a date alone: its midnight; no zone: UTC), as ms UTC. Else exits with 2."""
    if text is None:
        return None
    if text.isascii() and text.isdigit():
        return int(text)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        refuse(option, f"{text!r} is no time: ms since 1970, or ISO 8601 such as 2017-05-01T12:00")
    return moment_to_ms(at if at.tzinfo else at.replace(tzinfo=UTC))


def refuse(option: str, why: str) -> NoReturn:
    """Wrong usage: one line, exit code 2."""
    sys.stderr.write(f"{option}: {why}\n")
    raise SystemExit(WRONG_USAGE)


@contextmanager
def progress_bar(title: str, *, quiet: bool) -> Iterator[Callable[[float], None]]:
    """A bar on standard error when somebody sits before it; told the share done, 0..1."""
    hidden = quiet or not sys.stderr.isatty()
    with tqdm(
        total=100, desc=title, file=sys.stderr, disable=hidden, leave=False,
        bar_format="{desc} {percentage:3.0f}%|{bar}| {elapsed}",
    ) as bar:  # fmt: skip

        def tell(share: float) -> None:
            bar.update(max(0.0, share * 100 - bar.n))

        yield tell


def write_json(document: dict[str, Any], notes: list[str]) -> None:
    """The document on standard output, one line, with the file's notes before its own."""
    whole = {**document, "notes": [*notes, *document["notes"]]}
    sys.stdout.write(json.dumps(whole, allow_nan=False) + "\n")


def _compiled(code: str, path: Path) -> Bound:
    try:
        return compile_rules(code).bind()
    except RuleErrors as errors:
        for line in lines(errors, Translator("en", "UTC")):
            sys.stderr.write(f"{path}:{plain(line)}\n")
        raise SystemExit(1) from None


def _symbol_in(path: Path) -> str:
    """The file's name says it, or nobody does."""
    try:
        return symbol_of(path)
    except DomainError:
        return Rules().symbol
