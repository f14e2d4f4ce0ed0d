"""What `backtest` and `replay` share: their arguments read, their result said."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from tqdm import tqdm  # type: ignore[import-untyped]

from bot.adapters.candle_files import symbol_of
from bot.traded import Traded
from bot.workers.candle_reader import read_candles, read_funding
from domain.backtests.markets import Market
from domain.backtests.rules import Rules
from domain.clock import from_ms
from domain.clock import to_ms as moment_to_ms
from domain.errors import DomainError
from domain.market.candles import Candles
from domain.market.resample import closed_by, resample
from domain.market.timeframes import to_ms
from domain.market.validation import DataReport
from domain.strategies.builtins import BUILTINS, find_builtin
from domain.strategies.language import Bound, Frame, RuleErrors, compile_rules, reach
from handlers.rule_errors import lines
from handlers.texts import Translator, plain

WRONG_USAGE = 2
_QTY_STEP = 1e-6

Files = Mapping[str, tuple[Candles, DataReport]]
"""Symbol -> its finest bars, and what was found wrong with them."""


@dataclass(frozen=True, slots=True, eq=False)
class Study:
    """What to run from `start_ms` on; the bars before only warm the program up.

    `notes`: what the candle files lacked, a line each.
    """

    name: str
    bound: Bound
    markets: dict[str, Traded]
    start_ms: int
    rules: Rules
    notes: list[str]


def prepare(arguments: argparse.Namespace) -> Study:
    """Read the files that the arguments name, resample, cut.

    Raises DomainError for anything wrong with the files; exits with 2 for an option that cannot be
    honoured.
    """
    start, end = moment("--from", arguments.start), moment("--to", arguments.end)
    name, bound = strategy_of(arguments.strategy)
    files = files_of(arguments.candles)
    rules = rules_of(arguments, next(iter(files)))
    symbols = symbols_of(arguments, rules)
    wanted = _wanted(files, rules, symbols, bound)
    read = {symbol: read_candles(path) for symbol, path in wanted.items()}
    cut = {symbol: _cut(symbol, read, arguments, (start, end), bound) for symbol in symbols}
    begin = min(first for _, first in cut.values())
    notes = [note for _, found in read.values() for note in data_notes(found)]
    return Study(
        name, bound, {symbol: each for symbol, (each, _) in cut.items()}, begin, rules, notes
    )


def symbols_of(arguments: argparse.Namespace, rules: Rules) -> list[str]:
    """What is traded, in this order. Exits with 2 when a symbol comes twice."""
    symbols = str(arguments.symbol or rules.symbol).split(",")
    if len(set(symbols)) != len(symbols):
        refuse("--symbol", "each symbol once")
    return symbols


def _cut(
    symbol: str,
    read: Files,
    arguments: argparse.Namespace,
    span: tuple[int | None, int | None],
    bound: Bound,
) -> tuple[Traded, int]:
    """(one symbol's bars with what the program looks back at, the open it is traded from)."""
    (start, end), (finest, report) = span, read[symbol]
    candles = in_timeframe(finest, report, arguments.timeframe, symbol).between(None, end)
    begin = 0 if start is None else int(np.searchsorted(candles.time, start, "left"))
    if begin >= len(candles):
        first, last = from_ms(report.start_ms), from_ms(report.end_ms)
        raise DomainError("backtest_range", first=f"{first:%Y-%m-%d}", last=f"{last:%Y-%m-%d}")
    history, detail = max(0, begin - bound.memory), None
    if arguments.detail is not None:
        finer = detail_of(finest, report, arguments, symbol)
        detail = finer.between(int(candles.time[history]), end)
    others = {
        frame: _series(frame, read, symbol, arguments.timeframe).between(None, end)
        for frame in reach(bound, to_ms(arguments.timeframe)).others
    }
    return Traded(candles.slice(history), others, detail), int(candles.time[begin])


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

    Raises DomainError("no_builtin", name, known) or ("strategy_unreadable", file). A program with
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
        known = ", ".join(each.slug for each in BUILTINS)
        raise DomainError("no_builtin", name=wanted[:60], known=known)
    return builtin.name, compile_rules(builtin.code).bind()


def _wanted(
    files: dict[str, Path], rules: Rules, symbols: list[str], bound: Bound
) -> dict[str, Path]:
    """Symbol -> file: that of the symbol that is traded, else the first; of several each its own;
    and those only read.

    Raises DomainError("series_missing", symbol).
    """
    wanted = {rules.symbol: files.get(rules.symbol, next(iter(files.values())))}
    for symbol in (*symbols, *bound.symbols):
        if symbol not in files and symbol != rules.symbol:
            raise DomainError("series_missing", symbol=symbol)
        wanted.setdefault(symbol, files.get(symbol, wanted[rules.symbol]))
    return wanted


def _series(frame: Frame, read: Files, traded: str, timeframe: str) -> Candles:
    symbol = frame.symbol or traded
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
        said["symbol"] = str(arguments.symbol or symbol).split(",")[0]
    if arguments.balance is not None:
        said["initial_balance"] = arguments.balance
    if arguments.funding is not None:
        said |= _funding(arguments, rules)
    return replace(rules, **said)


def _funding(arguments: argparse.Namespace, rules: Rules) -> dict[str, Any]:
    """The rates of `--funding FILE[,FILE]`: of several symbols each in a file of its name."""
    symbols = str(arguments.symbol or "").split(",")
    paths = [Path(part.strip()) for part in str(arguments.funding).split(",")]
    if len(symbols) == 1 and len(paths) == 1:
        return {"funding": read_funding(paths[0])}
    markets = dict(rules.markets)
    for path in paths:
        symbol = symbol_of(path)
        if symbol not in symbols:
            refuse("--funding", f"{path.name} is of {symbol}, which is not traded")
        markets[symbol] = replace(markets.get(symbol, Market()), funding=read_funding(path))
    return {"markets": markets}


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
