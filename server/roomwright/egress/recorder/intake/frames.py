"""Which codecs can be taken in."""

from collections.abc import Mapping
from typing import Final

from roomwright.egress.recorder.intake.unpack.av1 import Av1
from roomwright.egress.recorder.intake.unpack.h264 import H264
from roomwright.egress.recorder.intake.unpack.vp8 import Vp8
from roomwright.egress.recorder.intake.unpack.vp9 import Vp9
from roomwright.egress.recorder.intake.unpack.whole import Unpacker

UNPACKERS: Final[Mapping[str, type[Unpacker]]] = {"vp8": Vp8, "vp9": Vp9, "h264": H264, "av1": Av1}
"""Video, by MIME subtype."""

AUDIO: Final = frozenset({"opus", "red", "pcmu", "pcma"})
HELPERS: Final = frozenset({"rtx", "ulpfec", "flexfec-03", "telephone-event", "cn"})
"""Payload types that carry no media of their own."""
