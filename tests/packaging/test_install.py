"""What the documents say about installing does install, in environments that know nothing of this checkout."""

import os
import shutil
from pathlib import Path

import pytest

from tests.docs.blocks import blocks_for
from tests.packaging.wheels import built, environment, follow, run
from tests.support import skip_or_fail

pytestmark = pytest.mark.suite

[MACHINE, RECORDING, CHECKOUT] = blocks_for(__file__)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("wheel"))


def test_a_checkout_is_installed(wheel: Path, tmp_path: Path) -> None:
    python = environment(tmp_path)
    follow(CHECKOUT, wheel, python.parent)
    assert run("roomwright", "--version", cwd=tmp_path, path=python.parent)


def test_the_extra_for_recording_is_all_that_recording_needs(wheel: Path, tmp_path: Path) -> None:
    python = environment(tmp_path)
    follow(RECORDING, wheel, python.parent)
    run(python, "-c", "import roomwright.egress.recorder.__main__, av, obstore, PIL", cwd=tmp_path)


def test_a_machine_is_given_its_service(wheel: Path, tmp_path: Path) -> None:
    """In a folder of its own instead of `/`, where there is no systemd that could start it."""
    if os.geteuid() or shutil.which("systemctl") is None:
        skip_or_fail("a service is made by root and systemctl")
    for name in ("passwd", "group", "shadow", "systemd/system/roomwright.service"):
        file = tmp_path / "etc" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("[Service]\nExecStart=/x\n[Install]\nWantedBy=multi-user.target\n" if "/" in name else "")
    follow(
        MACHINE,
        wheel,
        Path("/usr/sbin"),
        ("/opt/", f"{tmp_path}/"),
        ("useradd", f"useradd --prefix {tmp_path}"),
        ("systemctl enable --now", f"systemctl --root={tmp_path} enable"),
    )
    assert run(tmp_path / "roomwright" / "bin" / "roomwright", "--version", cwd=tmp_path)
    assert (tmp_path / "etc" / "passwd").read_text().startswith("roomwright:")
    wanted = tmp_path / "etc" / "systemd" / "system" / "multi-user.target.wants" / "roomwright.service"
    assert wanted.is_symlink()
