"""From text to logical lines of known characters.

Everything that the language has no use for is refused here, by its character, before Python's
parser sees it: what is left cannot hold lambdas, slices, braces, escapes or huge numbers.
"""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass, field

from domain.strategies.language.errors import Findings
from domain.strategies.language.foreign import foreign, is_prose
from domain.strategies.language.limits import (
    MAX_BRACKETS,
    MAX_CODE_CHARS,
    MAX_NODES,
    MAX_NUMBER_CHARS,
)

# There is one way only to read digits: two would be tried for each of them where no number ends.
_DIGITS = r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_TOKEN = re.compile(
    r"""(?P<space>[ \t]+)
      | (?P<comment>\#[^\n]*)
      | (?P<number>"""
    + _DIGITS
    + r"""[A-Za-z_0-9.]*)
      | (?P<name>[A-Za-z_][A-Za-z_0-9]*)
      | (?P<string>"[^"\n]*"|'[^'\n]*')
      | (?P<foreign>:=|&&|\|\||=>|=<|<>|/\*)
      | (?P<op>\*\*|//|<=|>=|==|!=|[-+*/%<>=(),\[\].])
      | (?P<newline>\n)
      | (?P<wrong>[^\x00-\x7f]+|.)""",
    re.VERBOSE | re.DOTALL,
)
_NUMBER = re.compile(_DIGITS)
_STRING = re.compile(r"[A-Za-z0-9:/_.-]{1,40}")
_WORDS = frozenset({"and", "or", "not", "if", "else", "True", "False"})
_CHOICE = "a if c else b"
_INSTEAD = {
    ":=": "=",
    "&": "and",
    "&&": "and",
    "|": "or",
    "||": "or",
    "!": "not",
    "^": "**",
    "=>": ">=",
    "=<": "<=",
    "<>": "!=",
    "?": _CHOICE,
    "is": "==",
    "elif": "else",
}
_NAME = re.compile(r"[ \t]*[A-Za-z_][A-Za-z_0-9]*[ \t]*:")  # and the sign behind it
_CLOSES = {")": "(", "]": "["}


@dataclass(slots=True)
class Line:
    """One statement: where it begins, and its text without comments (brackets span lines)."""

    number: int
    text: str
    wrong: bool = False


@dataclass(slots=True)
class _Scan:
    findings: Findings
    row: int = 1
    start: int = 0  # offset of the current row in the text
    first: int = 1  # row where the current statement began
    parts: list[str] = field(default_factory=list)
    open: list[tuple[str, tuple[int, int]]] = field(default_factory=list)
    wrong: bool = False
    skips: bool = False  # the rest of the row
    begins: bool = True  # nothing of the statement but blanks was read yet
    inner: bool = False  # rows further in belong to one that was refused
    divides: bool = False  # a "//" stands in the row, and no comment behind it
    asked: bool = False  # a "?" stands in the row, and its ":" is told with it
    operands: int = 0
    lines: list[Line] = field(default_factory=list)

    def refuse(self, code: str, column: int, text: str, suggestion: str | None = None) -> None:
        self.wrong = True
        self.findings.add(code, (self.row, column), text, suggestion)

    def operand(self, text: str, column: int) -> None:
        """Each name, number and string is a node at least: too many need not be parsed."""
        self.operands += 1
        if self.operands > MAX_NODES:
            raise _TooMuchError("too_many_nodes", (self.row, column), text, MAX_NODES)

    def finish_row(self, offset: int) -> None:
        if self.open:
            self.parts.append("\n")
        else:
            self.finish_statement()
        self.row += 1
        self.start = offset
        self.skips = self.divides = self.asked = False
        if not self.open:
            self.first = self.row

    def skip(self, row: str) -> None:
        """The rest of the row is read no further; the name that it gives a value is known."""
        self.parts.append(row)
        self.wrong = self.skips = True

    def finish_statement(self) -> None:
        text = "".join(self.parts).rstrip()
        if text.strip() or self.wrong:
            self.lines.append(Line(self.first, text, self.wrong))
        self.parts, self.wrong, self.begins = [], False, True

    def bracket(self, sign: str, column: int) -> None:
        if sign in "([":
            self.open.append((sign, (self.row, column)))
            if len(self.open) > MAX_BRACKETS:
                raise _TooMuchError("too_deep", (self.row, column), sign, MAX_BRACKETS)
            return
        opened = self.open.pop()[0] if self.open else ""
        if opened != _CLOSES[sign]:
            self.refuse("unmatched_bracket", column, sign)


class _TooMuchError(Exception):
    def __init__(self, code: str, at: tuple[int, int], text: str, limit: int) -> None:
        super().__init__(code)
        self.code, self.at, self.text, self.limit = code, at, text, limit


def split_lines(code: str, findings: Findings) -> list[Line]:
    """The program's statements; what is wrong with its characters is added to `findings`."""
    if len(code) > MAX_CODE_CHARS:
        findings.add("code_too_long", (1, 1), "", limit=MAX_CODE_CHARS, length=len(code))
        return []
    text = code.removeprefix("\ufeff").replace("\r\n", "\n")
    scan = _Scan(findings)
    try:
        for match in _TOKEN.finditer(text):
            _take(scan, match)
            if findings.full:
                return []
    except _TooMuchError as error:
        findings.add(error.code, error.at, error.text, limit=error.limit)
        return []
    if scan.open:
        sign, at = scan.open[-1]
        findings.add("unclosed_bracket", at, sign)
        scan.wrong = True
    scan.finish_statement()
    return scan.lines


def _take(scan: _Scan, match: re.Match[str]) -> None:
    kind, word = match.lastgroup, match.group()
    column = match.start() - scan.start + 1
    if kind == "newline":
        scan.finish_row(match.end())
    elif scan.skips:
        return
    elif kind == "comment":
        if "\0" in word:
            scan.refuse("bad_character", column + word.index("\0"), "\0")
    elif not _is_foreign(scan, match, column):
        scan.parts.append(word)
        scan.begins &= kind == "space"
        _check(scan, kind, word, column)


def _is_foreign(scan: _Scan, match: re.Match[str], column: int) -> bool:
    """Whether the rest of the row is none of ours; then it has been refused and skipped."""
    kind, word = match.lastgroup, match.group()
    if not scan.begins and (scan.divides or word not in ("//", "/*")):
        return False
    row = _rest(match)
    if kind == "space" and scan.inner:
        scan.skip(row)
    elif word == "/*" or (scan.begins and word == "//"):
        scan.findings.remark((scan.row, column), row)
        scan.skip("")
    elif word == "//":
        if is_prose(row):
            scan.findings.remark((scan.row, column), row)
            scan.skips = True  # what stands before it is read
        else:
            scan.divides = True
            scan.findings.divided((scan.row, column), row)
    elif kind == "name":
        return _is_refused(scan, row, column)
    return scan.skips


def _is_refused(scan: _Scan, row: str, column: int) -> bool:
    """Whether a statement begins as one does elsewhere."""
    found = foreign(row)
    goes_on = scan.inner and found is not None and found.text in ("else", "elif")
    scan.inner = found is not None
    if found is None:
        return False
    if not goes_on:
        scan.refuse(found.code, column + row.index(found.text), found.text, found.suggestion)
    scan.skip(row)
    return True


def _rest(match: re.Match[str]) -> str:
    """From a token to the end of its row."""
    end = match.string.find("\n", match.start())
    return match.string[match.start() : None if end < 0 else end]


def _check(scan: _Scan, kind: str | None, word: str, column: int) -> None:
    if kind in ("name", "number", "string") and word not in _WORDS:
        scan.operand(word, column)
    if kind == "op" and word in "()[]":
        scan.bracket(word, column)
    elif kind == "number":
        _check_number(scan, word, column)
    elif kind == "name" and keyword.iskeyword(word) and word not in _WORDS:
        scan.refuse("not_allowed", column, word, _INSTEAD.get(word))
    elif kind == "string" and not _STRING.fullmatch(word[1:-1]):
        scan.refuse("bad_string", column, word)
    elif kind in ("wrong", "foreign"):
        _refuse_character(scan, word, column)


def _check_number(scan: _Scan, token: str, column: int) -> None:
    if not _NUMBER.fullmatch(token):
        scan.refuse("bad_number", column, token)
    elif len(token) > MAX_NUMBER_CHARS or float(token) > 1e300:
        scan.refuse("number_too_large", column, token)


def _refuse_character(scan: _Scan, sign: str, column: int) -> None:
    if sign == ":" and scan.asked:
        scan.wrong = True
        return
    scan.asked |= sign == "?"
    hint = _INSTEAD.get(sign)
    if sign == ":" and _NAME.fullmatch("".join(scan.parts)):
        hint = "="
    scan.refuse("non_ascii" if ord(sign[0]) > 127 else "bad_character", column, sign, hint)
