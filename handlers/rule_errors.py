"""A strategy's mistakes as sentences: where, what, and what might be meant."""

from __future__ import annotations

from domain.strategies.language import RuleError, RuleErrors
from handlers.render import numbers
from handlers.render.text import code
from handlers.texts import Html, Translator

MOST_SHOWN = 10
_ROW_CHARS = 100


def lines(errors: RuleErrors, t: Translator) -> list[Html]:
    """One line per mistake, in the order of the text: `3:9: Unknown function emma. ...`."""
    return [t("rule.line", line=e.line, column=e.column, text=_said(e, t)) for e in errors.errors]


def message(errors: RuleErrors, t: Translator, source: str | None = None) -> Html:
    """All of them as one message, cut after the first ten; with `source` under each the line of it
    that is meant.
    """
    said = lines(errors, t)
    more = len(said) - MOST_SHOWN
    rest = [t("rule.more", n=more)] if more > 0 else []
    if source is not None:
        rows = source.split("\n")
        said = [
            Html.join_lines(line, _quoted(_row(rows, error.line), error.text))
            for line, error in zip(said, errors.errors, strict=True)
        ]
    return Html.join_lines(
        t("error.rule_errors", n=len(errors.errors)), "", *said[:MOST_SHOWN], *rest
    )


def _quoted(row: str, told: str) -> Html | None:
    """The row; None where the sentence has told it already."""
    whole = row.startswith(told[:-1]) if told.endswith("…") else row == told
    return None if whole else code(row)


def _row(rows: list[str], line: int) -> str:
    """A line of a program, as far as a phone shows it."""
    text = rows[line - 1].strip() if 0 < line <= len(rows) else ""
    return text if len(text) <= _ROW_CHARS else text[: _ROW_CHARS - 1] + "…"


def _said(error: RuleError, t: Translator) -> Html:
    values = {
        name: numbers.setting(t, value)
        if isinstance(value, int | float) and not isinstance(value, bool)
        else value
        for name, value in error.params.items()
    }
    try:
        what = t(f"rule.{error.code}", text=code(error.text), **values)
    except LookupError:  # a new code, or one whose values do not fit
        what = t("rule.not_allowed", text=code(error.text))
    if error.suggestion is None:
        return what
    return t("rule.suggestion", what=what, suggestion=code(error.suggestion))
