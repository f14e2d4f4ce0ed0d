"""The Bot API's methods, by lower-case name."""

from bot.sandbox.call import Method
from bot.sandbox.methods import chats, edits, polling, profile, sends

METHODS: dict[str, Method] = {
    **polling.METHODS,
    **sends.METHODS,
    **edits.METHODS,
    **chats.METHODS,
    **profile.METHODS,
}
