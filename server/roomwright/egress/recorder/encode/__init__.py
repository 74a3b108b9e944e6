"""Raw pictures and sound in, encoded units out. Owns codecs and their settings, not what is shown."""

from .audio import AudioEncoder
from .video import VideoEncoder

__all__ = ["AudioEncoder", "VideoEncoder"]
