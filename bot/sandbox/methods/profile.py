"""Methods about the bot itself: who it is, its menu, its texts."""

from __future__ import annotations

import re
from typing import Any

from bot.sandbox.bots import scope_key
from bot.sandbox.call import Call, Method
from bot.sandbox.errors import bad_request

_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_SCOPES = frozenset({
    "default", "all_private_chats", "all_group_chats", "all_chat_administrators",
    "chat", "chat_administrators", "chat_member",
})  # fmt: skip
_TEXT_LIMITS = {"name": 64, "description": 512, "short_description": 120}


async def get_me(call: Call) -> dict[str, Any]:
    return call.bot.me()


async def yes(_call: Call) -> bool:
    """logOut and close: there is nothing to log out of."""
    return True


def _menu_key(call: Call) -> str:
    scope = call.params.nested("scope")
    if scope is not None and (not isinstance(scope, dict) or str(scope.get("type")) not in _SCOPES):
        raise bad_request("can't parse BotCommandScope: unsupported type specified")
    return f"{scope_key(scope)}|{call.params.text('language_code')}"


async def set_my_commands(call: Call) -> bool:
    commands = call.params.nested("commands")
    if not isinstance(commands, list):
        raise bad_request("can't parse commands JSON object: expected an Array")
    if len(commands) > 100:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    call.bot.commands[_menu_key(call)] = [_command(command) for command in commands]
    _menus_changed(call)
    return True


def _command(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise bad_request("can't parse BotCommand: expected an Object")
    name = str(value.get("command", "")).removeprefix("/").lower()
    about = str(value.get("description", ""))
    if not _COMMAND.fullmatch(name):
        raise bad_request("BOT_COMMAND_INVALID")
    if not 1 <= len(about) <= 256:
        raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    return {"command": name, "description": about}


async def get_my_commands(call: Call) -> list[dict[str, str]]:
    return call.bot.commands.get(_menu_key(call), [])


async def delete_my_commands(call: Call) -> bool:
    call.bot.commands.pop(_menu_key(call), None)
    _menus_changed(call)
    return True


def _menus_changed(call: Call) -> None:
    call.world.save_bot(call.bot)
    call.world.emit({"type": "commands"})


def _setter(name: str) -> Method:
    async def set_text(call: Call) -> bool:
        text = call.params.text(name)
        if len(text) > _TEXT_LIMITS[name]:
            raise bad_request(f"{name} is too long")
        call.bot.texts[f"{name}|{call.params.text('language_code')}"] = text
        if name == "name" and text and not call.params.text("language_code"):
            call.bot.first_name = text
        call.world.save_bot(call.bot)
        call.world.emit({"type": "bot", "bot": call.bot.as_telegram()})
        return True

    return set_text


def _getter(name: str) -> Method:
    async def get_text(call: Call) -> dict[str, str]:
        texts = call.bot.texts
        found = texts.get(f"{name}|{call.params.text('language_code')}") or texts.get(f"{name}|")
        return {name: found or (call.bot.first_name if name == "name" else "")}

    return get_text


async def set_menu_button(call: Call) -> bool:
    button = call.params.nested("menu_button") or {"type": "default"}
    if not isinstance(button, dict) or button.get("type") not in ("default", "commands", "web_app"):
        raise bad_request("can't parse MenuButton: unsupported type specified")
    call.bot.menu_buttons[str(call.params.integer("chat_id"))] = button
    call.world.save_bot(call.bot)
    return True


async def get_menu_button(call: Call) -> dict[str, Any]:
    buttons = call.bot.menu_buttons
    chat_id = str(call.params.integer("chat_id"))
    return buttons.get(chat_id) or buttons.get("0") or {"type": "commands"}


METHODS: dict[str, Method] = {
    "getme": get_me,
    "logout": yes,
    "close": yes,
    "setmycommands": set_my_commands,
    "getmycommands": get_my_commands,
    "deletemycommands": delete_my_commands,
    "setmyname": _setter("name"),
    "getmyname": _getter("name"),
    "setmydescription": _setter("description"),
    "getmydescription": _getter("description"),
    "setmyshortdescription": _setter("short_description"),
    "getmyshortdescription": _getter("short_description"),
    "setchatmenubutton": set_menu_button,
    "getchatmenubutton": get_menu_button,
}
