"""`leverframe replay`: the same over the live path, in lock-step; its trades are the backtest's."""

from __future__ import annotations

import argparse
import asyncio
import sys

from bot import logging
from bot.commands.research import prepare, progress_bar, warn, write_json
from bot.commands.summary import summary
from bot.replay import live_rules, replay_together
from domain.backtests.metrics import compute
from domain.backtests.result import result_to_json


def main(arguments: argparse.Namespace) -> int:
    """0 = done. The result goes to standard output, what the data lacks to standard error."""
    logging.setup("warning", "console")
    wanted = prepare(arguments)
    warn(wanted.notes)
    with progress_bar("Replay", quiet=arguments.json) as tell:
        result = asyncio.run(
            replay_together(
                wanted.markets,
                wanted.bound.program.source,
                wanted.rules,
                start_ms=wanted.start_ms,
                progress=tell,
            )
        )
    metrics = compute(result, result.candles, live_rules(wanted.rules))
    document = result_to_json(result, metrics)
    if arguments.json:
        write_json(document, wanted.notes)
    else:
        sys.stdout.write(summary(wanted.name, result.symbol, arguments.timeframe, document))
    return 0
