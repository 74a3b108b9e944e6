"""Raw pictures and sound in, encoded units out. Owns codecs and their settings, not what is shown."""

from .audio import MIX_RATE, AudioEncoder
from .video import VideoEncoder

__all__ = ["MIX_RATE", "AudioEncoder", "VideoEncoder"]
