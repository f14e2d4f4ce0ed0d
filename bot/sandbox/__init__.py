"""A local Bot API server and a chat page in the browser: what `leverframe demo` talks to instead of
Telegram.

`ChatWorld` and `BotApi` work without sockets; `start` puts them on loopback; `serve` is the
command.
"""

from bot.sandbox.api import Answer, BotApi
from bot.sandbox.files import UploadedFile
from bot.sandbox.limits import RateLimits
from bot.sandbox.world import ChatWorld

__all__ = ["Answer", "BotApi", "ChatWorld", "RateLimits", "UploadedFile"]
