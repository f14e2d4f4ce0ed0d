"""What is wrong with a program, said where it stands, in codes that the texts translate."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING

from domain.errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_ERRORS = 20
MAX_TEXT = 60

CODES = (
    # what is read before any grammar
    "code_too_long", "empty_program", "too_deep", "too_many_nodes", "too_many_calls",
    "bad_character", "non_ascii", "bad_number", "number_too_large", "bad_string",
    "unclosed_bracket", "unmatched_bracket", "syntax", "unfinished", "comma_missing", "indented",
    # what is written so elsewhere
    "remark_sign", "no_blocks", "order_called", "needless", "type_needless", "own_function",
    # statements
    "not_allowed", "nothing_done", "no_entry", "one_name_only", "bad_name",
    "name_taken", "assigned_twice", "param_misplaced", "param_needs_default",
    "param_not_literal", "param_bounds_wrong", "too_many_params", "plot_misplaced",
    "plot_arguments", "too_many_plots", "trail_missing", "output_misspelt",
    # expressions
    "unknown_name", "used_before", "unknown_function", "not_a_function",
    "function_without_brackets", "string_not_allowed", "expected_number", "expected_condition",
    "different_kinds", "future_index", "bad_index",
    # other series
    "frame_needs_name", "unknown_timeframe", "bad_symbol", "frame_nested", "too_many_symbols",
    "too_many_frames",
    # the open position
    "position_misplaced", "position_inside", "script_too_long",
    # arguments
    "missing_argument", "too_many_arguments", "unknown_argument", "repeated_argument",
    "length_not_constant", "argument_not_constant", "argument_constant", "length_not_whole",
    "length_out_of_range", "argument_not_a_number", "expected_text", "unknown_text",
    "bar_index_misplaced", "depends_on_start",
)  # fmt: skip
"""Every code a RuleError can have; the texts have a sentence for each."""

_NUMBER = re.compile(r"//[ \t]*[-+(]*[ \t]*[0-9.]")
_NO_EXPRESSION = ("syntax", "comma_missing", "non_ascii", "bad_character", "bad_number")


@dataclass(frozen=True, slots=True)
class RuleError:
    """One mistake. `line`, `column` count from 1; `text` is the offending piece of the program.

    `suggestion` is a name or a piece of text that would fit there, None where there is none.
    """

    code: str
    line: int
    column: int
    text: str
    suggestion: str | None = None
    params: dict[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        hint = f": did you mean {self.suggestion!r}?" if self.suggestion else ""
        return f"{self.code} {self.text!r} on line {self.line}, column {self.column}{hint}"


class RuleErrors(DomainError):  # noqa: N818 - one error that holds several
    """A program that was refused, with every mistake found in it (at most MAX_ERRORS)."""

    def __init__(self, errors: Iterable[RuleError]) -> None:
        self.errors = tuple(errors)
        super().__init__("rule_errors", count=len(self.errors))

    def __str__(self) -> str:
        return "; ".join(str(error) for error in self.errors)


class Findings:
    """Collects mistakes while a program is read, so that one pass reports them all."""

    def __init__(self) -> None:
        self._errors: list[RuleError] = []
        self._remarks: dict[int, RuleError] = {}

    def add(
        self,
        code: str,
        at: tuple[int, int],
        text: str,
        suggestion: str | None = None,
        **params: object,
    ) -> None:
        """Notes one mistake at (line, column); those after MAX_ERRORS are dropped."""
        if len(self._errors) >= MAX_ERRORS:
            return
        error = RuleError(code, at[0], at[1], _shown(text), suggestion, params)
        remark = self._remarks.get(error.line)
        if remark is None or not _is_of(remark, error):
            self._errors.append(error)
        elif remark not in self._errors:
            self._errors.append(remark)

    def divided(self, at: tuple[int, int], rest: str) -> None:
        """Notes a `//` at (line, column) and what follows it in its row: where that makes no sense
        as a number, it was meant as a remark.
        """
        self._remarks.setdefault(at[0], _remark(at, rest))

    def remark(self, at: tuple[int, int], rest: str) -> None:
        """Notes a row that is a remark as others write them."""
        error = _remark(at, rest)
        self.add(error.code, at, error.text, error.suggestion)

    @property
    def full(self) -> bool:
        """True when more mistakes would not be told: the search may stop."""
        return len(self._errors) >= MAX_ERRORS

    def raise_if_any(self) -> None:
        """Raises RuleErrors, in the order of the text."""
        if self._errors:
            raise RuleErrors(sorted(self._errors, key=lambda error: (error.line, error.column)))


def _shown(text: str) -> str:
    shown = text if text.isprintable() else ascii(text)[1:-1]
    return shown if len(shown) <= MAX_TEXT else shown[: MAX_TEXT - 1] + "…"


def _remark(at: tuple[int, int], rest: str) -> RuleError:
    words = _shown(rest.lstrip("/*").strip())
    return RuleError("remark_sign", *at, _shown(rest.strip()), f"# {words}".rstrip())


def _is_of(remark: RuleError, error: RuleError) -> bool:
    """Whether a mistake is one because it stands in a remark. A number may be what is divided by:
    then only what is no expression at all tells.
    """
    if error.column < remark.column:
        return False
    return _NUMBER.match(remark.text) is None or error.code in _NO_EXPRESSION


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word most like `word`, None if none is near."""
    candidates = list(known)
    folded = {name.lower(): name for name in candidates}
    if word.lower() in folded:
        return folded[word.lower()]
    matches = get_close_matches(word[:40].lower(), list(folded), n=1, cutoff=0.6)
    return folded[matches[0]] if matches else None
