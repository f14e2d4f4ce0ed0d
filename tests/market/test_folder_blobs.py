"""Values under keys on a disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.adapters.folder_blobs import FolderBlobs


def test_the_last_value_that_was_put_is_got(tmp_path: Path) -> None:
    blobs = FolderBlobs(tmp_path / "store")
    assert blobs.get("a/b.bin") is None
    for data in (b"one", b"two"):
        blobs.put("a/b.bin", data)
    assert blobs.get("a/b.bin") == b"two"


def test_keys_are_listed_by_their_beginning_without_what_is_being_written(tmp_path: Path) -> None:
    blobs = FolderBlobs(tmp_path / "store")
    assert blobs.list("") == []
    for key in ("x/b/2", "x/b/1", "x/c", "y"):
        blobs.put(key, b"")
    (tmp_path / "store" / "x" / ".draft-1").write_bytes(b"half")
    assert blobs.list("x/b") == ["x/b/1", "x/b/2"]
    assert blobs.list("") == ["x/b/1", "x/b/2", "x/c", "y"]


@pytest.mark.parametrize("key", ["../a", "/etc/passwd", "a/../../b"])
def test_no_key_leads_outside(tmp_path: Path, key: str) -> None:
    with pytest.raises(ValueError, match="below"):
        FolderBlobs(tmp_path).put(key, b"")
    with pytest.raises(ValueError, match="below"):
        FolderBlobs(tmp_path).get(key)


def test_a_value_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    blobs = FolderBlobs(tmp_path)
    blobs.put("a/b", b"")
    with pytest.raises(OSError, match="a"):
        blobs.put("a", b"a folder is there already")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
