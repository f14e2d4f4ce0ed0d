"""The list of strategies, and one strategy."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from domain.backtests.models import BacktestResult
from domain.strategies.builtins import read_header
from domain.strategies.language import Program
from domain.strategies.models import Strategy, StrategyShare
from domain.strategies.service import StrategyPage
from handlers.render import numbers
from handlers.render.tables import pairs
from handlers.render.text import block, bold, join, lines
from handlers.texts import Html, Translator, markup

_EXAMPLE = """\
fast = param(12, min=2, max=200)
slow = param(26, min=3, max=400)
buy  = crossover(ema(close, fast), ema(close, slow))
sell = crossunder(ema(close, fast), ema(close, slow))
stop_loss = 2"""
_CODE_CHARS = 2_400
_LINE_CHARS = 160
_HEADER = re.compile(r"#\s*(name|about)(\.[a-z]{2})?:")


def listed(t: Translator, page: StrategyPage) -> Html:
    """Each with its number, which commands take, and a line on what it does."""
    parts: list[str] = [t("strategies.title")]
    for row in page.rows:
        head = t("strategies.row", id=row.id, name=name_of(t, row))
        parts += ["", head]
        if about := describe(t, row):
            parts.append(first_sentence(about))
    return lines(*parts, "", t("strategies.hint"))


def card(t: Translator, row: Strategy, program: Program, results: Sequence[BacktestResult]) -> Html:
    """What it does, its inputs, its code, how it did."""
    return lines(
        t("strategy.title", id=row.id, name=name_of(t, row)),
        describe(t, row) or None,
        *_inputs(t, program),
        *_warmup(t, program),
        "",
        bold(t("strategy.code")),
        block(_cut(row.code or "")),
        *_results(t, results),
    )


def shared(t: Translator, made: StrategyShare, program: Program) -> Html:
    """Somebody's strategy, as its link shows it: without its author, with all there is to read."""
    _, abouts = read_header(made.code)
    return lines(
        t("share.title", name=made.name),
        markup(abouts.get(t.lang) or next(iter(abouts.values()), "")) or None,
        *_inputs(t, program),
        *_warmup(t, program),
        "",
        bold(t("strategy.code")),
        block(made.code.strip()),
        "",
        t("share.read"),
    )


def ask_new(t: Translator, name: str | None) -> Html:
    """The question for a new program, with one to begin from."""
    asked = t("author.ask_new") if name is None else t("author.ask_named", name=name)
    return lines(asked, "", block(_EXAMPLE), "", t("author.how"))


def ask_edit(t: Translator, row: Strategy) -> Html:
    """The program as it is, to be copied, changed and sent."""
    code = (row.code or "").strip()
    return lines(t("author.ask_edit", name=row.name), "", block(code), "", t("author.how"))


def describe(t: Translator, row: Strategy) -> Html:
    """A shipped strategy in the reader's language, else as its author wrote it."""
    _, abouts = read_header(row.code or "")
    return markup(abouts.get(t.lang) or row.description or "")


def name_of(t: Translator, row: Strategy) -> Html:
    """The name, and what it is called in the reader's language."""
    names, _ = read_header(row.code or "")
    own = names.get(t.lang)
    return markup(row.name if own in (None, row.name) else f"{row.name} · {own}")


def first_sentence(text: Html) -> Html:
    """For lists."""
    end = text.find(". ")
    short = text if end < 0 else Html(text[: end + 1])
    if len(short) <= _LINE_CHARS:
        return short
    return Html(short[:_LINE_CHARS].rpartition(" ")[0].rstrip(",:;") + " …")


def _inputs(t: Translator, program: Program) -> list[Html]:
    return chosen_inputs(t, program, {param.name: param.default for param in program.params})


def chosen_inputs(
    t: Translator, program: Program, values: Mapping[str, float | bool]
) -> list[Html]:
    """Each input with its value; nothing for a program without."""
    rows = [(param.name, value(t, values[param.name])) for param in program.params]
    return [Html(""), bold(t("strategy.inputs")), pairs(rows)] if rows else []


def _warmup(t: Translator, program: Program) -> list[Html]:
    return [t("strategy.warmup", n=program.bind().warmup)]


def value(t: Translator, value: float | bool) -> str:
    """An input's value as its reader writes it."""
    if isinstance(value, bool):
        return t("strategy.on" if value else "strategy.off")
    return numbers.setting(t, value)


def _results(t: Translator, results: Sequence[BacktestResult]) -> list[Html]:
    if not results:
        return []
    rows = [result_line(t, row) for row in results]
    return [Html(""), bold(t("strategy.results")), *rows]


def result_line(t: Translator, row: BacktestResult) -> Html:
    """One earlier backtest."""
    return t(
        "strategy.result",
        id=row.id,
        market=join(" ", row.pair or "", row.timeframe or ""),
        gain=gain(t, row),
        date=numbers.day(t, row.created_at),
    )


def gain(t: Translator, row: BacktestResult) -> str:
    """What an earlier backtest brought, percent."""
    start = row.initial_balance
    moved = (row.final_balance / start - 1) * 100 if start else 0.0
    return numbers.percent(t, moved, signed=True)


def _cut(code: str) -> str:
    """Without its header, which the card tells; a long program as far as a message holds it."""
    rows = code.strip().splitlines()
    while rows and _HEADER.match(rows[0]):
        rows.pop(0)
    text = "\n".join(rows).strip()
    if len(text) <= _CODE_CHARS:
        return text
    return text[:_CODE_CHARS].rsplit("\n", 1)[0] + "\n# …"
