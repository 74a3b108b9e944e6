"""JPEG pictures at intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from roomwright_proto import livekit as pb
from roomwright_proto.roomwright.egress import v1

from ..storage import Store
from ..units import StreamFormat, Unit
from .names import counted, timed

if TYPE_CHECKING:
    import av
    from PIL import Image

SECOND: Final = 1_000_000_000
DEFAULT_SECONDS: Final = 10.0
EXTENSION: Final = ".jpeg"

_QUALITY: Final = 85


@dataclass(frozen=True, slots=True)
class StoredImage:
    """A stored image and its time since the epoch."""

    path: str
    at_ns: int


class ImagesOutput:
    """See `units.Output`; it takes pictures instead of units. An image of the same name takes the place of the last."""

    def __init__(self, images: v1.Images, store: Store) -> None:
        self._plan = images
        self._store = store
        self._every_ns = round((images.interval or DEFAULT_SECONDS) * SECOND)
        self._due_ns = 0
        self._epoch_ns = 0
        self._bytes = 0
        self._count = 0
        self._end_ns = 0
        self._closed = False
        self._images: list[StoredImage] = []

    @property
    def listed(self) -> Sequence[Mapping[str, Any]]:
        """As manifests list them."""
        return [
            {"filename": image.path, "timestamp": image.at_ns, "location": self._store.location(image.path)}
            for image in self._images
        ]

    def open(self, formats: Sequence[StreamFormat], epoch_ns: int) -> None:
        """Begin."""
        _ = formats
        self._epoch_ns = epoch_ns

    def write(self, unit: Unit) -> None:
        """Units are for others."""

    def still(self, at_ns: int, frame: "av.VideoFrame") -> None:
        """Store the picture if it is time."""
        self._end_ns = at_ns
        if at_ns < self._due_ns:
            return
        self._due_ns += self._every_ns
        data = _jpeg(frame, self._plan.width, self._plan.height)
        name = self._name(self._epoch_ns + at_ns)
        self._store.put(name, data)
        self._count += 1
        self._bytes += len(data)
        if self._plan.suffix is pb.ImageFileSuffix.IMAGE_SUFFIX_NONE_OVERWRITE:
            self._images.clear()
        self._images.append(StoredImage(name, self._epoch_ns + at_ns))

    def progress(self, into: v1.Progress) -> None:
        """Add the ImagesInfo."""
        into.bytes += self._bytes
        into.images.append(
            pb.ImagesInfo(
                filename_prefix=self._plan.prefix,
                image_count=self._count,
                started_at=self._epoch_ns,
                ended_at=self._epoch_ns + self._end_ns if self._closed else 0,
            )
        )

    def close(self) -> None:
        """Wait until all are stored."""
        self._closed = True
        self._store.settle()

    def _name(self, at_ns: int) -> str:
        match self._plan.suffix:
            case pb.ImageFileSuffix.IMAGE_SUFFIX_TIMESTAMP:
                return timed(self._plan.prefix, at_ns, EXTENSION)
            case pb.ImageFileSuffix.IMAGE_SUFFIX_NONE_OVERWRITE:
                return self._plan.prefix + EXTENSION
            case _:
                return counted(self._plan.prefix, self._count, EXTENSION)


def _jpeg(frame: "av.VideoFrame", width: int, height: int) -> bytes:
    target = BytesIO()
    shown: Any = frame
    image: Image.Image = shown.to_image(width=width or frame.width, height=height or frame.height)
    image.save(target, "JPEG", quality=_QUALITY)
    return target.getvalue()
