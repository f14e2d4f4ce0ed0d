"""Candle files as folders of .npy columns that any process maps into memory without copying.

An entry is keyed by the file's path, size and time of change, and appears by a rename: it is whole
or absent.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from domain.market.candles import Candles
from domain.market.gaps import Gap, Gaps
from domain.market.ports import Funding
from domain.market.validation import BadRow, DataReport

_FORMAT = 1  # raised when what is stored changes, so that old entries are made anew
_COLUMNS = ("time", "open", "high", "low", "close", "volume")
_RATES = ("times", "rates")


@dataclass(frozen=True, slots=True, eq=False)
class CachedCandles:
    """A file's bars, mapped read-only, and the report made when it was read."""

    candles: Candles
    report: DataReport


def entry_of(source: Path, cache_dir: Path) -> Path:
    """Where the entry of `source` as it is now belongs. Raises FileNotFoundError."""
    status = source.stat()
    place = _digest(str(source.resolve()))
    state = _digest(f"{_FORMAT} {status.st_size} {status.st_mtime_ns}")
    return cache_dir / f"{source.stem}-{place}" / state


def load_entry(entry: Path) -> CachedCandles | None:
    """Map an entry; None when there is none."""
    if not (entry / "report.json").is_file():
        return None
    columns = [_map(entry, name) for name in _COLUMNS]
    report = _report(json.loads((entry / "report.json").read_text("utf-8")))
    return CachedCandles(Candles(*columns), report)


def save_entry(entry: Path, candles: Candles, report: DataReport) -> None:
    """Write an entry; those of the file's earlier states are removed."""
    columns = {name: getattr(candles, name) for name in _COLUMNS}
    _write(entry, columns, {"report.json": json.dumps(asdict(report))})


def load_funding(entry: Path) -> Funding | None:
    """Map funding rates; None when there are none."""
    if not entry.is_dir():
        return None
    return Funding(*(_map(entry, name) for name in _RATES))


def save_funding(entry: Path, funding: Funding) -> None:
    """Write funding rates as an entry."""
    _write(entry, {"times": funding.times, "rates": funding.rates}, {})


def _write(entry: Path, columns: dict[str, npt.NDArray[Any]], texts: dict[str, str]) -> None:
    entry.parent.mkdir(parents=True, exist_ok=True)
    earlier = [path for path in entry.parent.iterdir() if path != entry and path.name[0] != "."]
    draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=entry.parent))
    try:
        for name, column in columns.items():
            np.save(draft / f"{name}.npy", column)
        for name, text in texts.items():
            (draft / name).write_text(text, "utf-8")
        draft.rename(entry)
    except OSError:
        # Another process was faster: its entry is the same, and a filled folder is not replaced.
        shutil.rmtree(draft, ignore_errors=True)
        if not entry.is_dir():
            raise
    for path in earlier:
        shutil.rmtree(path, ignore_errors=True)


def _map(entry: Path, name: str) -> Any:
    return np.load(entry / f"{name}.npy", mmap_mode="r", allow_pickle=False)


def _report(fields: dict[str, Any]) -> DataReport:
    gaps = fields["gaps"]
    return DataReport(
        **fields
        | {
            "bad_rows": tuple(BadRow(**row) for row in fields["bad_rows"]),
            "gaps": Gaps(
                gaps["count"], gaps["missing"], tuple(Gap(**gap) for gap in gaps["longest"])
            ),
        }
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
