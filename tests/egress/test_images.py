"""Still pictures at intervals."""

from pathlib import Path

import av
import pytest

from roomwright.egress.recorder import compose, outputs
from roomwright_proto import livekit as pb
from roomwright_proto.roomwright.egress import v1
from tests.egress import source
from tests.egress.composing import EPOCH_NS, local, plan, results, watched

INDEX, TIMESTAMP, OVERWRITE = (
    pb.ImageFileSuffix.IMAGE_SUFFIX_INDEX,
    pb.ImageFileSuffix.IMAGE_SUFFIX_TIMESTAMP,
    pb.ImageFileSuffix.IMAGE_SUFFIX_NONE_OVERWRITE,
)


@pytest.mark.parametrize(
    ("suffix", "names"),
    [
        (INDEX, ["im_00000.jpeg", "im_00001.jpeg", "im_00002.jpeg"]),
        (TIMESTAMP, ["im_20231114221320250.jpeg", "im_20231114221322250.jpeg", "im_20231114221324250.jpeg"]),
        (OVERWRITE, ["im.jpeg"]),
    ],
)
def test_images_are_taken_at_their_interval_and_named_as_asked(
    suffix: pb.ImageFileSuffix, names: list[str], tmp_path: Path
):
    images = v1.Images(prefix="p/im", interval=2, suffix=suffix, manifest=True)
    made = outputs.make(wanted := plan(v1.Output(images=images, storage=local(tmp_path))))
    composer = compose.make(wanted, made.still)
    made.open(composer.formats, EPOCH_NS)
    assert list(watched(composer, 6)) == []
    made.close()
    assert sorted(path.name for path in (tmp_path / "p").glob("*.jpeg")) == names
    said = results(made)
    assert said.images[0].image_count == 3
    assert said.images[0].filename_prefix == "p/im"
    assert said.bytes > 0
    assert _number(tmp_path / "p" / names[-1]) == 120
    assert (tmp_path / "p" / "EG_test.json").read_text().count("timestamp") == len(names)


def test_an_image_may_have_another_size_than_the_picture(tmp_path: Path):
    images = v1.Images(prefix="im", interval=10, width=160, height=120)
    made = outputs.make(wanted := plan(v1.Output(images=images, storage=local(tmp_path))))
    composer = compose.make(wanted, made.still)
    made.open(composer.formats, EPOCH_NS)
    list(watched(composer, 0.2))
    made.close()
    with av.open(str(tmp_path / "im_00000.jpeg")) as image:
        assert (image.streams.video[0].width, image.streams.video[0].height) == (160, 120)


def _number(path: Path) -> int | None:
    with av.open(str(path)) as image:
        return source.code(source.cut(next(image.decode(video=0)), (0, 0, 1, 1)))
