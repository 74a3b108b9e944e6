"""Large bodies: decoded beside the event loop, so that one crafted body does not keep everybody waiting.

Decoding takes linear time, but ten mebibytes of empty sub-messages take seconds of it.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from betterproto2 import Message

from roomwright.errors import unauthenticated
from roomwright.sfu.backend import Caller

LARGE = 128 * 1024
"""Bytes above which a body is large; below it, decoding takes less than a tenth of a second at worst."""
MAX_WITHOUT_TOKEN = 1024 * 1024
"""Bytes that are decoded for somebody without a token."""

_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="large-bodies")


async def decode_large(
    decode: Callable[[type[Message], bytes], Any], kind: type[Message], body: bytes, caller: Caller
) -> Any:
    """What `decode(kind, body)` returns or raises; `unauthenticated` for a stranger's very large body."""
    if caller.claims is None and len(body) > MAX_WITHOUT_TOKEN:
        raise unauthenticated(f"a body of {len(body)} bytes needs a token; without one, {MAX_WITHOUT_TOKEN} are read")
    return await asyncio.get_running_loop().run_in_executor(_threads, decode, kind, body)
