"""Locks of files between processes."""

from pathlib import Path

import pytest

from roomwright.egress import locks


def test_a_file_is_one_owners_and_many_onlookers(tmp_path: Path):
    path = tmp_path / "lock"
    with path.open("w") as owner, path.open() as other:
        locks.take(owner)
        with pytest.raises(BlockingIOError):
            locks.take(other, shared=True)
    with path.open() as one, path.open() as two:
        locks.take(one, shared=True)
        locks.take(two, shared=True)


def test_where_there_are_no_locks_files_are_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(locks, "fcntl", None)
    path = tmp_path / "lock"
    with path.open("w") as one, path.open("w") as two:
        locks.take(one)
        locks.take(two)
