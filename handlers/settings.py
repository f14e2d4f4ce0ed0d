"""/settings and /lang: language, time zone, how pictures look."""

from __future__ import annotations

from domain.settings import service as settings
from handlers.context import Context
from handlers.render import numbers
from handlers.render.text import lines
from handlers.texts import LANGUAGES, Translator, plain
from handlers.types import Button, Keyboard, Reply
from handlers.views import View, present, rows_of

_SPELLINGS = {
    "ko": {"ko", "kr", "kor", "korean", "한국어", "한글"},
    "en": {"en", "eng", "english", "영어"},
}
_ZONES = (
    "Asia/Seoul",
    "Asia/Tokyo",
    "Asia/Singapore",
    "Europe/London",
    "America/New_York",
    "UTC",
)


async def show_settings(ctx: Context) -> Reply:
    """`/settings`, and the same as a tap."""
    return present(ctx, settings_view(ctx))


async def change_settings(ctx: Context) -> Reply:
    """`/settings [timezone] <city>`, else the card."""
    words = list(ctx.incoming.args)
    if words and words[0].lower() in {"timezone", "tz", "시간대"}:
        words = words[1:]
    if words:
        zone = await settings.set_timezone(ctx.session, ctx.settings, " ".join(words))
        ctx.t = Translator(ctx.t.lang, zone)
    return present(ctx, settings_view(ctx))


async def set_language(ctx: Context) -> Reply:
    """`/lang ko|en`; without an argument, the choice as buttons."""
    if not ctx.incoming.args:
        return Reply.text(ctx.t("lang.choose"), rows_of(_language_buttons(ctx), 2))
    typed = ctx.incoming.args[0].lower()
    wanted = next((code for code, known in _SPELLINGS.items() if typed in known), typed)
    await _speak(ctx, wanted)
    return Reply.text(ctx.t("lang.changed"))


async def tap_language(ctx: Context) -> Reply:
    """A language button: the card in that language."""
    await _speak(ctx, str(ctx.tap["0"]))
    return present(ctx, settings_view(ctx)) + Reply.answer(plain(ctx.t("lang.changed")))


async def tap_timezone(ctx: Context) -> Reply:
    """A time zone button."""
    zone = await settings.set_timezone(ctx.session, ctx.settings, str(ctx.tap["0"]))
    ctx.t = Translator(ctx.t.lang, zone)
    return present(ctx, settings_view(ctx)) + Reply.answer(plain(ctx.t("settings.zone_changed")))


async def tap_theme(ctx: Context) -> Reply:
    """A theme button."""
    await settings.set_theme(ctx.session, ctx.settings, str(ctx.tap["0"]))
    return present(ctx, settings_view(ctx)) + Reply.answer(plain(ctx.t("settings.theme_changed")))


def settings_view(ctx: Context) -> View:
    """The card: what is set now, and a button for each choice."""
    t = ctx.t
    text = lines(
        t("settings.title"),
        "",
        t("settings.language", language=t(f"lang.name_{t.lang}")),
        t("settings.zone", zone=t.tz, time=numbers.moment(t, ctx.now)),
        t("settings.theme", theme=t(f"settings.theme_{ctx.settings.theme}")),
        t("settings.mode", mode=t(f"mode.{ctx.settings.mode}")),
        "",
        t("settings.hint"),
    )
    zones = [_zone_button(ctx, zone) for zone in _ZONES]
    keyboard: Keyboard = (
        tuple(_language_buttons(ctx)),
        *rows_of(zones, 3),
        tuple(_theme_button(ctx, theme) for theme in settings.THEMES),
        (
            ctx.buttons.show(plain(t("button.modes")), "mode"),
            ctx.buttons.show(plain(t("button.menu")), "menu"),
        ),
    )
    return View(text, keyboard, card="settings:")


def _language_buttons(ctx: Context) -> list[Button]:
    return [
        ctx.buttons.show(
            _marked(plain(ctx.t(f"lang.name_{code}")), code == ctx.t.lang), "lang", code
        )
        for code in LANGUAGES
    ]


def _theme_button(ctx: Context, theme: str) -> Button:
    label = _marked(plain(ctx.t(f"button.theme_{theme}")), theme == ctx.settings.theme)
    return ctx.buttons.show(label, "theme", theme)


def _zone_button(ctx: Context, zone: str) -> Button:
    city = zone.rpartition("/")[2].replace("_", " ")
    return ctx.buttons.show(_marked(city, zone == ctx.t.tz), "tz", zone)


def _marked(label: str, chosen: bool) -> str:
    return f"✓ {label}" if chosen else label


async def _speak(ctx: Context, language: str) -> None:
    await settings.set_language(ctx.session, ctx.settings, language, LANGUAGES)
    ctx.t = Translator(language, ctx.t.tz)
