"""The rule language's functions as their table has them: by family, one by one, as Markdown."""

from __future__ import annotations

from domain.strategies.language.functions import FUNCTIONS, TABLE, ArgKind, Function
from handlers.render.text import bold, code, italic, lines
from handlers.texts import Html, Translator, plain


def families() -> dict[str, list[Function]]:
    """Family -> its functions, in the order of the table."""
    found: dict[str, list[Function]] = {}
    for function in FUNCTIONS:
        found.setdefault(function.family, []).append(function)
    return found


def sentence(function: Function, language: str) -> str:
    """What it is, in one sentence."""
    return function.about_ko if language == "ko" else function.about


def family_card(family: str, t: Translator) -> Html:
    """A family's functions, a line each."""
    rows = [
        t("rules_help.line", signature=code(entry.signature), text=sentence(entry, t.lang))
        for entry in families()[family]
    ]
    return lines(bold(t(f"rule_family.{family}")), "", *rows, "", t("rules_help.more"))


def function_card(name: str, t: Translator) -> Html:
    """One function: signature, sentence, the words it takes, where its formula is published."""
    function = TABLE[name]
    parts: list[str] = [code(function.signature), "", sentence(function, t.lang)]
    for arg in function.args:
        if arg.kind is ArgKind.TEXT:
            parts += ["", t("rules_help.choices", argument=arg.name, list=", ".join(arg.choices))]
    if function.source:
        parts += ["", italic(t("rules_help.source", source=function.source))]
    return lines(*parts)


def reference(t: Translator) -> str:
    """Every function as Markdown: a heading and a table for each family."""
    head = "| " + " | ".join(
        plain(t(f"rules_docs.{key}")) for key in ("function", "what", "source")
    )
    parts = []
    for family, functions in families().items():
        rows = "\n".join(_row(function, t) for function in functions)
        title = plain(t(f"rule_family.{family}"))
        parts.append(f"### {title}\n\n{head} |\n|---|---|---|\n{rows}\n")
    words = [arg for function in FUNCTIONS for arg in function.args if arg.choices]
    for name, choices in {arg.name: arg.choices for arg in words}.items():
        listed = ", ".join(f"`{choice}`" for choice in choices)
        parts.append(f"`{name}`: {listed}\n")
    return "\n".join(parts)


def _row(function: Function, t: Translator) -> str:
    return f"| `{function.signature}` | {sentence(function, t.lang)} | {function.source} |"
