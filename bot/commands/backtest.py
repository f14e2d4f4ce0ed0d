"""`leverframe backtest`: a strategy over a candle file. This process is its own worker."""

from __future__ import annotations

import argparse
import sys

from bot.commands.research import prepare, progress_bar, warn, write_json
from bot.commands.summary import summary
from bot.settings import load
from bot.workers.backtest import study_markets
from domain.backtests.result import result_to_json


def main(arguments: argparse.Namespace) -> int:
    """0 = done. The result goes to standard output, what the data lacks to standard error."""
    wanted = prepare(arguments)
    warn(wanted.notes)
    with progress_bar("Backtest", quiet=arguments.json) as tell:
        result, metrics = study_markets(
            wanted.markets,
            wanted.bound,
            wanted.rules,
            compiled=load().data_dir / "compiled",
            start_ms=wanted.start_ms,
            progress=tell,
        )
    document = result_to_json(result, metrics)
    if arguments.json:
        write_json(document, wanted.notes)
    else:
        sys.stdout.write(summary(wanted.name, result.symbol, arguments.timeframe, document))
    return 0
