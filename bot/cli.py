"""`leverframe <command>`: arguments in, exit code out."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

from bot.settings import SettingsError
from domain.errors import DomainError

PORT = 8081


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command. 0 = done, 1 = it failed and said why, 2 = wrong usage, 130 = interrupted."""
    arguments = parser().parse_args(argv)
    command = importlib.import_module(f"bot.commands.{arguments.command}")
    try:
        return int(command.main(arguments))
    except SettingsError as error:
        return _fail(f"The settings do not fit:\n{error}")
    except DomainError as error:
        return _fail(_sentence(error))
    except KeyboardInterrupt:
        return 130


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    root = argparse.ArgumentParser(
        prog="leverframe", description="Trading bots for many traders, run from a Telegram chat."
    )
    commands = root.add_subparsers(dest="command", required=True, metavar="COMMAND")
    demo = commands.add_parser("demo", help="everything in one: chat page, market, paper trading")
    demo.add_argument(
        "--candles", help="replay these candle files (Parquet or CSV), separated by commas"
    )
    demo.add_argument("--speed", type=_speed, default=60.0, help="market seconds per second (60)")
    demo.add_argument("--port", type=int, default=PORT, help=f"of the chat page ({PORT})")
    demo.add_argument("--data", type=Path, help="where the demo keeps its state")
    demo.add_argument("--no-browser", action="store_true", help="do not open the chat page")
    demo.add_argument(
        "--exchange-emulator",
        action="store_true",
        help="a Bitget on this machine beside it, with prices of the demo's market, to try keys on",
    )
    commands.add_parser("run", help="the service, on Telegram")
    sandbox = commands.add_parser("sandbox", help="the local Bot API server and chat page alone")
    sandbox.add_argument("--port", type=int, default=PORT, help=f"({PORT})")
    sandbox.add_argument("--state", type=Path, help="SQLite file to keep the chats in")
    sandbox.add_argument(
        "--no-limits", action="store_true", help="do not enforce Telegram's rate limits"
    )
    commands.add_parser("migrate", help="bring the database up to date")
    keys = commands.add_parser("keys", help="the master key that everything secret rests under")
    keys.add_argument("task", choices=("rotate",))
    keys.add_argument("--finish", action="store_true", help="forget the older keys of the key file")
    _admin(commands.add_parser("admin", help="the operator's work"))
    check = commands.add_parser("check", help="check a strategy file and say what is wrong")
    check.add_argument("file", type=Path, metavar="FILE")
    check.add_argument("--format", action="store_true", help="print it tidied up")
    check.add_argument("--timeframe", help="the chart it is meant for; default: one that fits")
    for name, text in (
        ("backtest", "run a strategy over candles"),
        ("replay", "run candles through the live path, in lock-step"),
    ):
        _research(commands.add_parser(name, help=text))
    doctor = commands.add_parser(
        "doctor", help="look at settings, database, clock, token, exchange"
    )
    doctor.add_argument("--user", metavar="EMAIL", help="ask the exchange about this user's keys")
    doctor.add_argument("--offline", action="store_true", help="skip what needs the network")
    return root


def _admin(command: argparse.ArgumentParser) -> None:
    tasks = command.add_subparsers(dest="task", required=True, metavar="TASK")
    audit = tasks.add_parser("audit", help="the log of what was done that matters")
    audit.add_argument("--verify", action="store_true", required=True, help="follow its chain")
    audit.add_argument("--contains", metavar="HASH", help="a hash noted earlier must be in it")
    reset = tasks.add_parser("reset-2fa", help="switch somebody's second factor off")
    reset.add_argument("--user", metavar="EMAIL", required=True)
    for name, text in (
        ("kill", "no entries of everybody, a user or a symbol; what is open there is closed"),
        ("unkill", "entries again"),
    ):
        stops = tasks.add_parser(name, help=text)
        stops.add_argument("scope", choices=("all", "user", "symbol"))
        stops.add_argument("name", nargs="*", help="a user's number or address, or a symbol")
        stops.add_argument("--by", metavar="EMAIL", required=True, help="the operator who asks")


def _research(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--candles",
        required=True,
        metavar="FILE[,FILE]",
        help="the first is traded, or --symbol's; the others are what the rules read besides",
    )
    command.add_argument(
        "--strategy", required=True, metavar="FILE|NAME", help="a .rules file or a built-in's name"
    )
    command.add_argument(
        "--symbol",
        metavar="SYMBOL[,SYMBOL]",
        help="default: from the candle file's name; several share one balance, in this order",
    )
    command.add_argument("--timeframe", default="15m")
    command.add_argument("--from", dest="start", metavar="TIME", help="ms or ISO, inclusive")
    command.add_argument("--to", dest="end", metavar="TIME", help="ms or ISO, exclusive")
    command.add_argument("--balance", type=float, metavar="USDT", help="default 10000")
    command.add_argument("--funding", metavar="FILE[,FILE]")
    command.add_argument("--detail", metavar="TIMEFRAME", help="decide levels on finer candles")
    command.add_argument("--config", type=Path, metavar="FILE", help="rules as TOML")
    command.add_argument("--json", action="store_true", help="print the result as JSON")


def _speed(text: str) -> float:
    speed = float(text)
    if not 0 < speed <= 100_000:
        raise argparse.ArgumentTypeError("a number above 0, at most 100000")
    return speed


def _sentence(error: DomainError) -> str:
    from handlers.errors import sentence  # noqa: PLC0415 - only a failing command pays for the texts
    from handlers.texts import Translator, plain  # noqa: PLC0415

    return plain(sentence(error, Translator("en", "UTC")))


def _fail(text: str) -> int:
    sys.stderr.write(f"{text}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
