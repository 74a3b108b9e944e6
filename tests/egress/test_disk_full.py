"""A disk that is really full, under a real recorder."""

import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.egress import payloads, source
from tests.egress.process import recording
from tests.egress.recorder import plans
from tests.egress.sender import Sent, added, arriving
from tests.support import skip_or_fail

SIZE_KB = 40


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few seconds."""
    mount = ("mount", "-t", "tmpfs", "-o", f"size={SIZE_KB}k", "tmpfs", str(tmp_path))
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        skip_or_fail(f"no small file system can be mounted here: {done.stderr.strip()}")
    yield tmp_path
    subprocess.run(("umount", "--lazy", str(tmp_path)), check=True)


@pytest.mark.suite
def test_a_full_disk_fails_the_egress_plainly_and_leaves_a_file_that_plays(small_disk: Path) -> None:
    tracks = (Sent(1, "opus", list(payloads.opus(8))), Sent(2, "vp8", list(payloads.video("vp8", 8))))
    with recording(plans.room(plans.file(small_disk, "a.mp4"))) as recorder:
        for track in tracks:
            recorder.order(added(track))
        with suppress(OSError):
            recorder.play(arriving(*tracks))
        failed = recorder.until("failed").failed
        recorder.part()
    assert failed is not None
    assert failed.error == f"cannot write {small_disk}/a.mp4: no space left on the device"
    assert failed.code == 507
    assert failed.progress is not None
    [listed] = failed.progress.files
    assert listed.size == (small_disk / "a.mp4").stat().st_size > 0
    assert source.watch(small_disk / "a.mp4").duration > 0.5
