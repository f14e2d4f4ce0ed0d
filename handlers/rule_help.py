"""`/help rules`: the rule language in the chat, from the whole to one function."""

from __future__ import annotations

from domain.errors import DomainError
from domain.strategies.language.errors import closest
from domain.strategies.language.functions import FUNCTIONS
from domain.strategies.language.vocabulary import OUTPUTS, POSITION_SCALARS, SERIES
from handlers.context import Context
from handlers.render.rule_reference import families, family_card, function_card
from handlers.render.text import bold, lines
from handlers.texts import Html, Translator, plain
from handlers.types import Keyboard, Reply
from handlers.views import View, present, rows_of

TOPIC = "rules"
_PER_ROW = 3
_SHOWN = 40


def rule_help(ctx: Context, words: list[str]) -> Reply:
    """`/help rules [function or family]`. Raises DomainError("no_such_rule" | "rule_near")."""
    word = words[0].strip("()").lower() if words else ""
    return present(ctx, View(_page(word, ctx.t), _keyboard(ctx)))


def is_rule(word: str) -> bool:
    """Whether it names a function of the rule language."""
    return word in names()


def names() -> list[str]:
    """Of all functions."""
    return [function.name for function in FUNCTIONS]


async def tap_rules(ctx: Context) -> Reply:
    """The overview, or the family of the tapped button."""
    word = str(ctx.tap.get("0", ""))
    return present(ctx, View(_page(word, ctx.t), _keyboard(ctx)))


def _page(word: str, t: Translator) -> Html:
    if not word:
        return _overview(t)
    if word in families():
        return family_card(word, t)
    if is_rule(word):
        return function_card(word, t)
    near = closest(word, [*names(), *families()])
    if near is None:
        raise DomainError("no_such_rule", word=word[:_SHOWN])
    raise DomainError("rule_near", word=word[:_SHOWN], near=near)


def _overview(t: Translator) -> Html:
    return lines(
        bold(t("rules_help.title")),
        "",
        t("rules_help.intro"),
        "",
        t("rules_help.series", list=", ".join(SERIES)),
        t("rules_help.outputs", list=", ".join(OUTPUTS)),
        t("rules_help.position", list=", ".join(POSITION_SCALARS)),
        t("rules_help.elsewhere"),
        "",
        t("rules_help.more"),
    )


def _keyboard(ctx: Context) -> Keyboard:
    """A button for each family and the way back, for those who may tap."""
    if ctx.account is None:
        return ()
    buttons = [
        ctx.buttons.show(plain(ctx.t(f"rule_family.{family}")), "rules", family)
        for family in families()
    ]
    back = ctx.buttons.show(plain(ctx.t("button.help")), "help")
    return (*rows_of(buttons, _PER_ROW), (back,))
