"""/help: made from the one list of commands; a first page by topic, and what is behind each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from handlers import rule_help
from handlers.context import Context
from handlers.nearest import no_help
from handlers.render.text import bold, lines
from handlers.texts import Html, Translator, plain
from handlers.types import Button, Handler, Reply, Route
from handlers.views import View, present, rows_of

Routes = Callable[[], Sequence[Route]]
Topics = Mapping[str, Sequence[Route]]
_PER_ROW = 3


def make_help(routes: Routes) -> tuple[Handler, Handler]:
    """The handlers of `/help [command | rules ...]` and of the help button over the routes."""

    async def help_command(ctx: Context) -> Reply:
        if not ctx.incoming.args:
            return present(ctx, _first(ctx, _by_topic(visible(routes(), ctx))))
        name = ctx.incoming.args[0].lstrip("/").lower()
        if name == rule_help.TOPIC:
            return rule_help.rule_help(ctx, list(ctx.incoming.args[1:]))
        known = {each: route for route in visible(routes(), ctx) for each in called(route)}
        if name in known:
            return Reply.text(details(known[name], ctx.t))
        if rule_help.is_rule(name):
            return rule_help.rule_help(ctx, [name])
        raise no_help(name, (*known, *rule_help.names()))

    async def help_tap(ctx: Context) -> Reply:
        topics, chosen = _by_topic(visible(routes(), ctx)), str(ctx.tap.get("0", ""))
        if chosen not in topics:
            return present(ctx, _first(ctx, topics))
        back = (ctx.buttons.show(plain(ctx.t("button.back")), "help"), *_menu(ctx))
        return present(ctx, View(topic(chosen, topics[chosen], ctx.t), (back,)))

    return help_command, help_tap


def visible(routes: Sequence[Route], ctx: Context) -> list[Route]:
    """The commands this person may use."""
    admin = ctx.account is not None and ctx.account.is_admin
    return [route for route in routes if route.access != "admin" or admin]


def called(route: Route) -> tuple[str, ...]:
    """Every name that a command answers to."""
    return route.name, *route.aliases


def overview(topics: Topics, t: Translator) -> Html:
    """Every command by topic, what each does left out: a page that fits a phone."""
    shown = [
        t(
            "topics.line",
            name=t(f"group.{name}"),
            commands=" ".join(f"/{each.name}" for each in rows),
        )
        for name, rows in topics.items()
    ]
    return lines(t("help.title"), "", *shown, "", t("help.more"))


def topic(name: str, routes: Sequence[Route], t: Translator) -> Html:
    """The commands of one topic, each with its line."""
    shown = [t("help.line", command=route.name, text=summary(route, t)) for route in routes]
    return lines(bold(t(f"group.{name}")), "", *shown, "", t("help.more"))


def details(route: Route, t: Translator) -> Html:
    """One command: what it does, how it is written, examples."""
    heading = t("help.heading", command=route.name, text=summary(route, t))
    return lines(heading, "", t(f"usage.{route.name}"))


def summary(route: Route, t: Translator) -> str:
    """One line on a command."""
    return t(f"help.{route.name}")


def _by_topic(routes: Sequence[Route]) -> Topics:
    topics: dict[str, list[Route]] = {}
    for route in routes:
        topics.setdefault(route.group, []).append(route)
    return topics


def _first(ctx: Context, topics: Topics) -> View:
    """The overview; for those who may tap with a button for each topic, the rule language and the
    menu.
    """
    text = overview(topics, ctx.t)
    if ctx.account is None:
        return View(text)
    show, t = ctx.buttons.show, ctx.t
    buttons = [show(plain(t(f"group.{name}")), "help", name) for name in topics]
    foot = (show(plain(t("button.rules")), "rules"), *_menu(ctx))
    return View(text, (*rows_of(buttons, _PER_ROW), foot))


def _menu(ctx: Context) -> tuple[Button, ...]:
    """The way back, for those who have a menu."""
    if ctx.account is None:
        return ()
    return (ctx.buttons.show(plain(ctx.t("button.menu")), "menu"),)
