"""The page `/meet`: two people hold a call on it. Both pages are what their source gives."""

import asyncio
import os
import subprocess
from pathlib import Path

from tests.rtc.families import FAMILIES, PROGRAMS, npm_packages
from tests.rtc.network import Network
from tests.rtc.server import Server
from tests.support import skip_or_fail

ROOT = Path(__file__).parents[2]
SEEN = """\
Grace sees Ada's camera
Ada sees Grace's test picture
Ada sees Grace speak
Grace sees Ada muted
Grace sees Ada unmuted
Grace reads Ada's message
Grace sees Ada's camera off
Grace sees Ada leave
"""


def need_browser() -> None:
    if missing := FAMILIES["browser"].missing:
        skip_or_fail(f"the page needs {' and '.join(missing)}")


async def test_two_people_hold_a_call(server: Server, network: Network, tmp_path: Path) -> None:
    """`PAGE_PICTURES=folder` keeps the screenshots there."""
    need_browser()
    with network.outside():
        npm_packages(PROGRAMS)
    process = await asyncio.create_subprocess_exec(
        "node",
        "page/visit.mjs",
        server.url,
        os.environ.get("PAGE_PICTURES", str(tmp_path)),
        cwd=PROGRAMS,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(process.communicate(), 300)
    assert output.decode() == SEEN


def test_the_pages_are_what_their_source_gives(network: Network, tmp_path: Path) -> None:
    need_browser()
    with network.outside():
        npm_packages(ROOT / "web")
    subprocess.run(("node", "build.mjs", tmp_path), cwd=ROOT / "web", check=True, timeout=60)
    for name in ("meet.html", "admin.html", "licences.txt"):
        assert (tmp_path / name).read_bytes() == (ROOT / "server/roomwright/pages" / name).read_bytes()
