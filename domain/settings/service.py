"""What a chat user prefers, changed."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones

from sqlalchemy.ext.asyncio import AsyncSession

from domain.errors import DomainError
from domain.settings.models import UserSettings

THEMES = ("dark", "light")
_LONGEST = 40


async def set_language(
    session: AsyncSession, settings: UserSettings, language: str, allowed: tuple[str, ...]
) -> None:
    """Speak another language. Raises DomainError("unknown_language", language, allowed)."""
    if language not in allowed:
        raise DomainError(
            "unknown_language", language=language[:_LONGEST], allowed=", ".join(allowed)
        )
    settings.language = language
    await session.flush()


async def set_theme(session: AsyncSession, settings: UserSettings, theme: str) -> None:
    """Pictures in another theme. Raises DomainError("unknown_theme", theme, allowed)."""
    if theme not in THEMES:
        raise DomainError("unknown_theme", theme=theme[:_LONGEST], allowed=", ".join(THEMES))
    settings.theme = theme
    await session.flush()


async def set_timezone(session: AsyncSession, settings: UserSettings, name: str) -> str:
    """Show times in another zone, by its IANA name or the city alone ("seoul"); returns the name.

    Raises DomainError("unknown_timezone", timezone).
    """
    settings.timezone = timezone_of(name)
    await session.flush()
    return settings.timezone


def timezone_of(name: str) -> str:
    """What somebody typed -> an IANA name. Raises DomainError("unknown_timezone", timezone)."""
    wanted = "_".join(name.split()).casefold()
    found = _zones().get(wanted)
    if found is None:
        raise DomainError("unknown_timezone", timezone=name[:_LONGEST])
    return found


@cache
def _zones() -> dict[str, str]:
    """Folded name -> zone; a city counts for its zone when no other zone has one of that name."""
    names = sorted(available_timezones())
    cities: dict[str, list[str]] = {}
    for name in names:
        region, _, city = name.rpartition("/")
        if region and region.split("/")[0] not in {"Etc", "posix", "right"}:
            cities.setdefault(city.casefold(), []).append(name)
    alone = {city: zones[0] for city, zones in cities.items() if len(zones) == 1}
    return alone | {name.casefold(): name for name in names}
