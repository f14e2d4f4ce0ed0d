"""/help: made from the one list of commands, and what Telegram shows as its menu."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from domain.errors import DomainError
from handlers import rule_help
from handlers.context import Context
from handlers.render.text import bold, lines
from handlers.texts import Html, Translator, plain
from handlers.types import Handler, Keyboard, Reply, Route
from handlers.views import View, present

Routes = Callable[[], Sequence[Route]]


def make_help(routes: Routes) -> tuple[Handler, Handler]:
    """The handlers of `/help [command | rules ...]` and of the help button over the routes."""

    async def help_command(ctx: Context) -> Reply:
        if not ctx.incoming.args:
            return Reply.text(overview(visible(routes(), ctx), ctx.t), _keyboard(ctx))
        name = ctx.incoming.args[0].lstrip("/").lower()
        if name == rule_help.TOPIC:
            return rule_help.rule_help(ctx, list(ctx.incoming.args[1:]))
        for route in visible(routes(), ctx):
            if name in (route.name, *route.aliases):
                return Reply.text(details(route, ctx.t))
        raise DomainError("unknown_command", command=name[:40])

    async def help_tap(ctx: Context) -> Reply:
        return present(ctx, View(overview(visible(routes(), ctx), ctx.t), _keyboard(ctx)))

    return help_command, help_tap


def visible(routes: Sequence[Route], ctx: Context) -> list[Route]:
    """The commands this person may use."""
    admin = ctx.account is not None and ctx.account.is_admin
    return [route for route in routes if route.access != "admin" or admin]


def overview(routes: Sequence[Route], t: Translator) -> Html:
    """Every command with one line, by group."""
    groups: dict[str, list[Route]] = {}
    for route in routes:
        groups.setdefault(route.group, []).append(route)
    parts: list[str] = [t("help.title")]
    for group, members in groups.items():
        parts += ["", bold(t(f"group.{group}"))]
        parts += [t("help.line", command=route.name, text=summary(route, t)) for route in members]
    return lines(*parts, "", t("help.more"))


def details(route: Route, t: Translator) -> Html:
    """One command: what it does, how it is written, examples."""
    heading = t("help.heading", command=route.name, text=summary(route, t))
    return lines(heading, "", t(f"usage.{route.name}"))


def summary(route: Route, t: Translator) -> str:
    """One line on a command."""
    return t(f"help.{route.name}")


def _keyboard(ctx: Context) -> Keyboard:
    """The way back to the menu, for those who have one."""
    if ctx.account is None:
        return ()
    return ((ctx.buttons.show(plain(ctx.t("button.menu")), "menu"),),)
