"""Small pieces of markup."""

from __future__ import annotations

from handlers.texts import Html, markup

lines = Html.join_lines


def bold(value: object) -> Html:
    """Strong."""
    return Html(f"<b>{markup(value)}</b>")


def italic(value: object) -> Html:
    """Slanted: for remarks."""
    return Html(f"<i>{markup(value)}</i>")


def code(value: object) -> Html:
    """Monospaced; a tap copies it."""
    return Html(f"<code>{markup(value)}</code>")


def block(value: object) -> Html:
    """A block of program text."""
    return Html(f"<pre>{markup(value)}</pre>")


def join(separator: str, *parts: str | None) -> Html:
    """Parts on one line, those that are None or empty left out."""
    return Html(markup(separator).join(markup(part) for part in parts if part))
