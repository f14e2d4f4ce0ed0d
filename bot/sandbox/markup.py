"""Keyboards: checked as Telegram checks them, kept as they came."""

from __future__ import annotations

import re
from typing import Any

from bot.sandbox.errors import ApiError, bad_request

Markup = dict[str, Any]

_STYLES = frozenset({"danger", "success", "primary"})
_ACTIONS = (
    "callback_data", "url", "copy_text", "web_app", "login_url", "pay", "callback_game",
    "switch_inline_query", "switch_inline_query_current_chat", "switch_inline_query_chosen_chat",
)  # fmt: skip
_URL = re.compile(r"(?i)(https?://|tg://)[^\s]+|[\w-]+(\.[\w-]+)+(/\S*)?")


def checked_markup(value: Any) -> Markup | None:
    """A reply markup, or None when there is none. Raises ApiError 400."""
    if value in (None, "", {}):
        return None
    if not isinstance(value, dict):
        raise bad_request("object expected as reply markup")
    if "inline_keyboard" in value:
        return {"inline_keyboard": _rows(value["inline_keyboard"], _inline_button)}
    if "keyboard" in value:
        return {**value, "keyboard": _rows(value["keyboard"], _reply_button)}
    return value


def is_inline(markup: Markup | None) -> bool:
    """Inline keyboards belong to a message; the others to the chat."""
    return markup is not None and "inline_keyboard" in markup


def _rows(rows: Any, check: Any) -> list[list[Markup]]:
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad_request(
            "can't parse reply keyboard markup JSON object: expected an Array of Array"
        )
    checked = [[check(button) for button in row] for row in rows if row]
    if sum(map(len, checked)) > 100:
        raise bad_request("reply markup is too long")
    return checked


def _inline_button(button: Any) -> Markup:
    if not isinstance(button, dict):
        raise bad_request("can't parse inline keyboard button: expected an Object")
    text = button.get("text")
    if not isinstance(text, str) or not text.strip():
        raise bad_request('can\'t parse inline keyboard button: field "text" must not be empty')
    if not any(button.get(action) is not None for action in _ACTIONS):
        raise bad_request(
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"
        )
    _check_style(button)
    for field, check in _CHECKS.items():
        if button.get(field) is not None:
            check(button[field])
    return button


def _reply_button(button: Any) -> Markup:
    if isinstance(button, str):
        return {"text": button}
    if not isinstance(button, dict) or not isinstance(button.get("text"), str):
        raise bad_request('can\'t parse keyboard button: field "text" must be of type String')
    _check_style(button)
    return button


def _check_style(button: Markup) -> None:
    if button.get("style") is not None and str(button["style"]) not in _STYLES:
        raise bad_request("invalid button style specified")


def _check_data(data: Any) -> None:
    if not isinstance(data, str) or not 1 <= len(data.encode("utf-8", "replace")) <= 64:
        raise ApiError(400, "Bad Request: BUTTON_DATA_INVALID")


def _check_url(url: Any) -> None:
    if not isinstance(url, str) or not _URL.fullmatch(url):
        raise bad_request(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")


def _check_web_app(app: Any) -> None:
    url = app.get("url") if isinstance(app, dict) else None
    if not isinstance(url, str) or not url.lower().startswith("https://"):
        raise bad_request(
            f"inline keyboard button Web App URL '{url}' is invalid: Only HTTPS links are allowed"
        )


def _check_copy(copy: Any) -> None:
    text = copy.get("text") if isinstance(copy, dict) else None
    if not isinstance(text, str) or not 1 <= len(text) <= 256:
        raise ApiError(400, "Bad Request: BUTTON_COPY_TEXT_INVALID")


_CHECKS = {
    "callback_data": _check_data,
    "url": _check_url,
    "web_app": _check_web_app,
    "copy_text": _check_copy,
}
