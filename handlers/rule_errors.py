"""A strategy's mistakes as sentences: where, what, and what might be meant."""

from __future__ import annotations

from domain.strategies.language import RuleError, RuleErrors
from handlers.render import numbers
from handlers.render.text import code
from handlers.texts import Html, Translator

MOST_SHOWN = 10


def lines(errors: RuleErrors, t: Translator) -> list[Html]:
    """One line per mistake, in the order of the text: `3:9: Unknown function emma. ...`."""
    return [t("rule.line", line=e.line, column=e.column, text=_said(e, t)) for e in errors.errors]


def message(errors: RuleErrors, t: Translator) -> Html:
    """All of them as one message, cut after the first ten."""
    said = lines(errors, t)
    more = len(said) - MOST_SHOWN
    rest = [t("rule.more", n=more)] if more > 0 else []
    return Html.join_lines(t("error.rule_errors", n=len(said)), "", *said[:MOST_SHOWN], *rest)


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
