"""The candle store's files: a history in parts, each a Parquet file of a month or a year.

Worker processes only. A part says itself which stretches of time it knows: a bar missing there was
never traded, a bar missing elsewhere was never asked for. So there is no index that could disagree.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bot.adapters.candle_store import Series
from bot.adapters.folder_blobs import FolderBlobs
from bot.workers.handover import Folder
from domain.clock import from_ms
from domain.clock import to_ms as moment_ms
from domain.market.candles import Candles
from domain.market.resample import join
from domain.market.storage import Blobs
from domain.market.stretches import Stretch, joined, outside, within
from domain.market.timeframes import MINUTE_MS, to_ms

_COLUMNS = ("time", "open", "high", "low", "close", "volume")
_KNOWN = b"known"
_MONTHLY_BELOW_MS = 60 * MINUTE_MS


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """`known`: the stretches that were asked for."""

    candles: Candles = field(default_factory=lambda: join([]))
    known: tuple[Stretch, ...] = ()


def missing(location: str, series: Series, wanted: Stretch) -> list[Stretch]:
    """What of `wanted` has to be downloaded. `location`: of the store."""
    blobs = FolderBlobs(Path(location))
    known = [each for key, _ in _parts(series, wanted) for each in _read(blobs, key).known]
    return outside(known, wanted)


def append(location: str, series: Series, bars: Candles, asked: Stretch) -> None:
    """Keep `bars`, the whole answer to what was `asked`; newer answers replace older ones."""
    blobs = FolderBlobs(Path(location))
    for key, bounds in _parts(series, asked):
        for stretch in within([asked], bounds):
            before = _read(blobs, key)
            fresh = bars.between(stretch.start_ms, stretch.end_ms)
            rows = join(
                [
                    before.candles.between(None, stretch.start_ms),
                    fresh,
                    before.candles.between(stretch.end_ms, None),
                ]
            )
            blobs.put(key, _packed(Part(rows, tuple(joined([*before.known, stretch])))))


def export(location: str, series: Series, wanted: Stretch, folder: Path) -> int:
    """Fill a hand-over folder with the stored bars of `wanted`; their number."""
    blobs = FolderBlobs(Path(location))
    bars = join([_read(blobs, key).candles for key, _ in _parts(series, wanted)])
    bars = bars.between(wanted.start_ms, wanted.end_ms)
    Folder(folder).fill(bars)
    return len(bars)


def _parts(series: Series, wanted: Stretch) -> Iterator[tuple[str, Stretch]]:
    """(key, bounds) of the parts that `wanted` touches, in order of time."""
    monthly = to_ms(series.timeframe) < _MONTHLY_BELOW_MS
    at = wanted.start_ms
    while at < wanted.end_ms:
        day = from_ms(at)
        month = day.month if monthly else 1
        first = datetime(day.year, month, 1, tzinfo=UTC)
        months = day.year * 12 + month - 1 + (1 if monthly else 12)
        end = moment_ms(datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC))
        name = f"{first:%Y-%m}" if monthly else f"{first:%Y}"
        yield f"{series.prefix}{name}.parquet", Stretch(moment_ms(first), end)
        at = end


def _read(blobs: Blobs, key: str) -> Part:
    """An absent part knows nothing; one that a disk has spoilt, neither: it is downloaded anew."""
    data = blobs.get(key)
    if data is None:
        return Part()
    try:
        table = pq.read_table(pa.BufferReader(data))
        known = json.loads(table.schema.metadata[_KNOWN])
        columns = [table.column(name).to_numpy() for name in _COLUMNS]
    except (pa.ArrowException, KeyError, ValueError, TypeError, OSError):
        return Part()
    return Part(Candles(*columns), tuple(Stretch(*each) for each in known))


def _packed(part: Part) -> bytes:
    columns = {name: np.ascontiguousarray(getattr(part.candles, name)) for name in _COLUMNS}
    table = pa.table(columns).replace_schema_metadata({_KNOWN: json.dumps(part.known)})
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    return bytes(sink.getvalue())
