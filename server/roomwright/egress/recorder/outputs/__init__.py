"""What is written and sent: files, segments with playlists, images, streams. Units and pictures come in.

Storage keeps what is written. WebSocket outputs carry raw sound and are not made here.
"""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from posixpath import dirname
from tempfile import gettempdir

from roomwright.egress import spool
from roomwright_proto.roomwright.egress import v1

from ..storage import Store, open_store
from ..storage.local import plainly
from ..units import OutputError
from .file import FileOutput
from .images import ImagesOutput
from .segments import SegmentsOutput
from .streams import StreamsOutput
from .together import AnyOutput, Together

__all__ = ["make", "spooled"]


def make(plan: v1.Plan) -> Together:
    """The outputs of a plan. Raises OutputError where one cannot be."""
    spools = {bytes(storage): folder for folder, storage in spooled(plan)}
    stores = {key: open_store(storage, spools.get(key)) for key, storage in _storages(plan).items()}
    manifests: dict[tuple[bytes, str], tuple[Store, str]] = {}
    outputs: list[AnyOutput] = []
    for output in plan.outputs:
        if output.websocket_url is not None:
            continue
        if output.stream is not None:
            outputs.append(StreamsOutput(output.stream))
            continue
        key = bytes(_storage(output))
        store = stores[key]
        outputs.append(_stored(output, store))
        folder = _manifest_folder(output)
        if folder is not None:
            manifests[key, folder] = store, folder
    return Together(plan, outputs, list(manifests.values()), _held(spools.values()))


def spooled(plan: v1.Plan) -> Iterator[tuple[Path, v1.Storage]]:
    """The object storages of a plan, each with the folder that holds what is on its way there."""
    for number, storage in enumerate(_storages(plan).values()):
        if storage.directory is None:
            yield spool.folder(storage.spool or gettempdir(), plan.egress_id) / str(number), storage


def _storages(plan: v1.Plan) -> dict[bytes, v1.Storage]:
    """Each once, in order."""
    stored = (each for each in plan.outputs if each.websocket_url is None and each.stream is None)
    return {bytes(storage): storage for storage in map(_storage, stored)}


def _storage(output: v1.Output) -> v1.Storage:
    return output.storage or v1.Storage()


def _held(spools: Iterable[Path]) -> ExitStack:
    """Says until it is closed that the folders of an egress are being written."""
    held = ExitStack()
    for folder in {each.parent for each in spools}:
        with plainly(folder):
            held.callback(spool.Hold(folder).release)
    return held


def _stored(output: v1.Output, store: Store) -> AnyOutput:
    match output:
        case v1.Output(file=v1.File() as file):
            return FileOutput(file, store)
        case v1.Output(segments=v1.Segments() as segments):
            return SegmentsOutput(segments, store)
        case v1.Output(images=v1.Images() as images):
            return ImagesOutput(images, store)
        case _:
            raise OutputError(f"output {output.number} is of an unknown kind", 400)


def _manifest_folder(output: v1.Output) -> str | None:
    match output:
        case v1.Output(file=v1.File(manifest=True) as file):
            return dirname(file.path)
        case v1.Output(segments=v1.Segments(manifest=True) as segments):
            return dirname(segments.playlist)
        case v1.Output(images=v1.Images(manifest=True) as images):
            return dirname(images.prefix)
        case _:
            return None
