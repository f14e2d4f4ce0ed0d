"""Programs that nobody would write: known texts cut, crossed and garbled; none may crash anything.

`python -m tests.strategies.fuzz 3600` runs for an hour and tells the slowest.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

from bot.sandbox.html import parse_html
from bot.sandbox.texts import MAX_TEXT
from domain.errors import DomainError
from domain.strategies.builtins import BUILTINS
from domain.strategies.language import RuleErrors, compile_rules, format_rules
from domain.strategies.language.functions import FUNCTIONS
from domain.strategies.language.lexer import _TOKEN
from domain.strategies.language.limits import MAX_CODE_CHARS
from domain.strategies.language.vocabulary import OUTPUTS, POSITION_SCALARS, SERIES, SPECIAL
from handlers.rule_errors import message
from handlers.texts import Translator
from tests.strategies.hostile import BOUNDED, REFUSED
from tests.strategies.samples import market, run

CANDLES = market(120)
READERS = (Translator("en"), Translator("ko"))
HARMFUL = [*(code for code in REFUSED if len(code) <= 12_000), *BOUNDED]
LAWFUL = [
    *(builtin.code for builtin in BUILTINS),
    'trend = timeframe("1h", close > ema(close, 5))\n'
    'btc = symbol("BTCUSDT", close > sma(close, 9))\n'
    "gap = ema(close, 3) - ema(close, 9)\nbuy = crossover(gap, 0) and trend and btc\n"
    "exit_long = rsi(close, 14) > 80 and profit > 0 or bars_held >= 96\n"
    "stop_loss = 2 * at_entry(atr(14) / close * 100) if best_profit < 3 else -0.1\n"
    "take_profit = 5 if minutes_held < 120 else 2\ntrail = 2\ntrail_after = 1\nplot(gap)",
]
WORDS = [
    *SERIES, *OUTPUTS, *POSITION_SCALARS, *SPECIAL, *(entry.name for entry in FUNCTIONS),
    "param", "plot", "and", "or", "not", "if", "else", "True", "False", "1", "0", "2.5", "1e300",
    "5000", "14", "'4h'", '"BTCUSDT"', "(", ")", "[", "]", ",", "=", "==", "<", ">=", "+", "-",
    "*", "/", "//", "%", "**", ".", ":=", "\n", "\n", " ", "#", "lambda", "__class__", "\0",
    "\u043e", "\ud800", "{", "}", "@", ";",
]  # fmt: skip


@dataclass
class Tally:
    """What a round of programs came to; `slowest_s` is CPU time."""

    programs: int = 0
    accepted: int = 0
    slowest_s: float = 0.0
    slowest: str = ""


def mutants(seed: int) -> Iterator[str]:
    """Without end, the same for the same seed."""
    dice = random.Random(seed)  # noqa: S311 - not for secrets
    while True:
        tokens = [match.group() for match in _TOKEN.finditer(_seed(dice)[:20_000])]
        for _ in range(dice.choice([1, 1, 2, 3, 8])):
            _change(tokens, dice)
        yield "".join(tokens)[:20_000]


def _seed(dice: random.Random) -> str:
    return dice.choice(LAWFUL if dice.random() < 0.6 else HARMFUL)


def _change(tokens: list[str], dice: random.Random) -> None:
    at = dice.randrange(len(tokens) + 1)
    kind = dice.randrange(6)
    if kind == 0:
        tokens.insert(at, dice.choice(WORDS))
    elif kind == 1:
        del tokens[at : at + dice.choice([1, 1, 2, 9])]
    elif kind == 2 and at < len(tokens):
        tokens[at] = dice.choice(WORDS)
    elif kind == 3:
        tokens[at:at] = tokens[at : at + 12] * dice.choice([1, 2, 40])
    elif kind == 4:
        other = [match.group() for match in _TOKEN.finditer(_seed(dice)[:4_000])]
        start = dice.randrange(len(other) + 1)
        tokens[at:at] = other[start : start + dice.choice([3, 10, 200])]
    elif at < len(tokens) and tokens[at]:
        letters = list(tokens[at])
        letters[dice.randrange(len(letters))] = chr(dice.randrange(1, 0x3000))
        tokens[at] = "".join(letters)


def attempt(code: str) -> bool:
    """Compile, evaluate, print and read again, or say what is wrong with it; whether it was a
    program. Raises what crashes.
    """
    try:
        program = compile_rules(code)
    except RuleErrors as mistakes:
        for reader in READERS:
            shown, _ = parse_html(str(message(mistakes, reader, code)))
            assert 0 < len(shown) <= MAX_TEXT
        return False
    try:
        run(program.bind(), CANDLES)
    except DomainError as error:
        if error.code not in {"program_too_heavy", "rules_timeframe"}:
            raise
    texts = [program.canonical, format_rules(program)]
    if max(map(len, texts)) > MAX_CODE_CHARS:  # spelled out it is longer: `check` says so
        return True
    for text in texts:
        again = compile_rules(text)
        assert again.hash == program.hash, text
    assert format_rules(again) == text
    return True


def main(seconds: float, seed: int) -> Tally:
    """Mutants for so long."""
    tally = Tally()
    end = time.monotonic() + seconds
    for code in mutants(seed):
        if time.monotonic() >= end:
            return tally
        before = time.process_time()
        try:
            tally.accepted += attempt(code)
        except BaseException:
            sys.stderr.write(f"seed {seed}, program {tally.programs}:\n{code!a}\n")
            raise
        spent = time.process_time() - before
        tally.programs += 1
        if spent > tally.slowest_s:
            tally.slowest_s, tally.slowest = spent, code
    raise AssertionError("there is always another mutant")


if __name__ == "__main__":
    chosen = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(2**32)
    found = main(float(sys.argv[1]), chosen)
    sys.stdout.write(
        f"seed {chosen}: {found.programs} programs, {found.accepted} accepted, slowest "
        f"{found.slowest_s * 1_000:.0f} ms CPU: {found.slowest[:300]!a}\n"
    )
