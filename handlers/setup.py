"""A backtest or a search before it runs: one card with its market, range and inputs, each behind a
button.
"""

from __future__ import annotations

from dataclasses import replace

from domain.chat import forms
from domain.chat.forms import OpenForm
from domain.clock import from_ms
from domain.errors import DomainError
from domain.research.grid import Span
from domain.strategies import service as strategies
from domain.strategies import sharing
from domain.strategies.language import Param, Program
from handlers import inputs, reach
from handlers.arguments import ALL_DAYS
from handlers.context import Context
from handlers.errors import sentence
from handlers.render import backtest_cards, numbers, strategy_cards
from handlers.render.text import lines
from handlers.texts import Html, plain
from handlers.types import Button, Reply
from handlers.views import View, anew, rows_of
from handlers.wizard import COMMANDS, LIVES, SEARCHES, Draft, heading, pick, stretch

RUN, RANGE, INPUTS = "run", "range", "inputs"
"""Steps of a draft: queue it, or ask. `INPUT` + a name: that one."""
INPUT = "in:"
TYPED = "input"
"""The kind of the form that waits for an input's value."""
_RANGES = (7, 30, 90, 180, 365, ALL_DAYS)
_DEFAULT_DAYS = 90
_MISTAKES = {"param_wrong_kind", "param_out_of_range"}


async def view(ctx: Context, draft: Draft) -> View:
    """The card, or the question that its draft is at. Raises DomainError for inputs that the
    program does not have or take.
    """
    program = await program_of(ctx, draft)
    if draft.step == RANGE:
        return await _range_view(ctx, draft)
    if draft.step == INPUTS:
        return await _inputs_view(ctx, draft, program)
    if draft.step and draft.step.startswith(INPUT):
        return await _input_view(ctx, draft, _param(program, draft.step.removeprefix(INPUT)))
    return await _card(ctx, draft, program)


async def program_of(ctx: Context, draft: Draft) -> Program:
    """What would run. Raises as `strategies.get`, `sharing.shared` and `strategies.compiled`."""
    if draft.shared is not None:
        return strategies.compile_code((await sharing.shared(ctx.session, draft.shared)).code)
    row = await strategies.get(ctx.session, ctx.user.id, draft.strategy or 0)
    return strategies.compiled(row)


async def tap_type(ctx: Context) -> Reply:
    """The value of an input is typed: the next message."""
    return Reply.text(await _asked(ctx, Draft.from_args(ctx.tap)))


async def answer(ctx: Context) -> Reply:
    """The message that holds it; one that cannot be taken says why and is asked for again.

    Raises DomainError("not_understood").
    """
    at = ctx.incoming.received_at
    form = await forms.waiting(ctx.session, ctx.services.cipher, ctx.user.id, at)
    if form is None:
        raise DomainError("not_understood")
    draft = Draft.from_args(form.answers)
    name = str(draft.step).removeprefix(INPUT)
    program = await program_of(ctx, draft)
    try:
        chosen = inputs.read((_param(program, name),), {name: ctx.incoming.text})
    except DomainError as error:
        if error.code not in _MISTAKES:
            raise
        return Reply.text(lines(sentence(error, ctx.t), "", await _asked(ctx, draft)))
    await forms.close(ctx.session, ctx.user.id)
    return anew(await view(ctx, replace(draft, inputs=_with(draft, chosen), step=INPUTS)))


async def _card(ctx: Context, draft: Draft, program: Program) -> View:
    t = ctx.t
    values = dict(program.bind(draft.inputs).values)
    searches = draft.purpose in SEARCHES
    text = lines(
        await heading(ctx, draft),
        t("setup.range", range=_range_text(ctx, draft)),
        reach.less(ctx, draft),
        *(
            _searched(ctx, draft, program)
            if searches
            else strategy_cards.chosen_inputs(t, program, values)
        ),
    )
    change = [_to(ctx, "button.range", draft, RANGE)]
    if program.params and not searches:
        change.append(_to(ctx, "button.inputs", draft, INPUTS))
    where = [
        pick(ctx, plain(t("button.market")), replace(draft, symbols=())),
        pick(ctx, plain(t("button.timeframe")), replace(draft, timeframe=None)),
    ]
    label = plain(t("button.run_search" if searches else "button.run_backtest"))
    run = pick(ctx, label, replace(draft, step=RUN), "success")
    cancel = ctx.buttons.show(plain(t("button.cancel")), "menu")
    return View(text, ((run,), tuple(change), tuple(where), (cancel,)))


def _searched(ctx: Context, draft: Draft, program: Program) -> list[Html]:
    """What is tried, and how one says it otherwise."""
    spans = {name: Span(*values) for name, values in (draft.spans or {}).items()}
    return [
        backtest_cards.searched(ctx.t, program, draft.inputs or {}, spans),
        Html(""),
        ctx.t("setup.type_spans", command=COMMANDS[draft.purpose]),
    ]


async def _range_view(ctx: Context, draft: Draft) -> View:
    choices = [pick(ctx, _days(ctx, days), _over(draft, days)) for days in _RANGES]
    hint = ctx.t("setup.type_range", command=COMMANDS[draft.purpose])
    text = lines(await heading(ctx, draft), "", ctx.t("setup.which_range"), hint)
    return View(text, (*rows_of(choices, 3), (_back(ctx, draft),)))


async def _inputs_view(ctx: Context, draft: Draft, program: Program) -> View:
    values = program.bind(draft.inputs).values
    choices = [
        pick(
            ctx,
            f"{param.name} = {strategy_cards.value(ctx.t, values[param.name])}",
            replace(draft, step=INPUT + param.name),
        )
        for param in program.params
    ]
    text = lines(await heading(ctx, draft), "", ctx.t("setup.which_input"))
    return View(text, (*rows_of(choices, 2), (_back(ctx, draft),)))


async def _input_view(ctx: Context, draft: Draft, param: Param) -> View:
    choices = [
        pick(
            ctx,
            strategy_cards.value(ctx.t, value),
            replace(draft, inputs=_with(draft, {param.name: value}), step=INPUTS),
        )
        for value in inputs.offered(param)
    ]
    text = lines(await heading(ctx, draft), "", _bounds(ctx, param))
    typed = ctx.buttons.act(
        plain(ctx.t("button.type_value")), "type_input", lives=LIVES, **draft.to_args()
    )
    back = _to(ctx, "button.back", draft, INPUTS)
    return View(text, (*rows_of(choices, 4), (typed,), (back,)))


async def _asked(ctx: Context, draft: Draft) -> Html:
    """Wait for the value, ten minutes from now."""
    program = await program_of(ctx, draft)
    param = _param(program, str(draft.step).removeprefix(INPUT))
    form = OpenForm(TYPED, "value", draft.to_args())
    await forms.ask(ctx.session, ctx.services.cipher, ctx.user.id, form, ctx.now)
    return lines(_bounds(ctx, param), ctx.t("setup.send_value"))


def _bounds(ctx: Context, param: Param) -> Html:
    if param.minimum is None or param.maximum is None:
        return ctx.t("setup.input", name=param.name)
    low, high = (strategy_cards.value(ctx.t, v) for v in (param.minimum, param.maximum))
    return ctx.t("setup.input_between", name=param.name, minimum=low, maximum=high)


def _param(program: Program, name: str) -> Param:
    for param in program.params:
        if param.name == name:
            return param
    allowed = ", ".join(param.name for param in program.params) or "-"
    raise DomainError("unknown_param", name=name[:40], allowed=allowed)


def _with(draft: Draft, chosen: dict[str, float | bool]) -> dict[str, float | bool]:
    return {**(draft.inputs or {}), **chosen}


def _over(draft: Draft, days: int) -> Draft:
    return replace(draft, span_days=days, start_ms=None, end_ms=None, local=None, step=None)


def _range_text(ctx: Context, draft: Draft) -> str:
    start_ms, end_ms = stretch(ctx.t, draft)
    if start_ms is None or end_ms is None:
        return _days(ctx, draft.span_days or _DEFAULT_DAYS)
    t = numbers.by_bars(ctx.t, str(draft.timeframe))
    first, last = (numbers.day(t, from_ms(ms)) for ms in (start_ms, end_ms - 1))
    return f"{first} – {last}"


def _days(ctx: Context, days: int) -> str:
    return plain(ctx.t("setup.all") if days >= ALL_DAYS else ctx.t("setup.days", n=days))


def _to(ctx: Context, label: str, draft: Draft, step: str) -> Button:
    return pick(ctx, plain(ctx.t(label)), replace(draft, step=step))


def _back(ctx: Context, draft: Draft) -> Button:
    return pick(ctx, plain(ctx.t("button.back")), replace(draft, step=None))
