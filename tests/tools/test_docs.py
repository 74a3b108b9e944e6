"""What the documents say of the code is made of the code."""

import docs_configuration
import docs_structure
import docs_text
import pytest
import yaml

import docs
from roomwright.config.schema import OWN, RENAMED, SUPPORTED
from roomwright.media.transport.states import TransportState
from roomwright.rooms.states import ParticipantState


@pytest.mark.parametrize("name", docs.PIECES)
def test_every_piece_stands_in_a_document(name: str) -> None:
    texts = [document.read_text(encoding="utf-8") for document in (docs.ROOT / "docs").rglob("*.md")]
    assert sum(f"<!-- from the code: {name} -->\n" in text for text in texts) == 1


def test_a_document_is_renewed_between_the_marks_alone() -> None:
    text = "before\n<!-- from the code: other spellings -->\nstale\n<!-- end -->\nafter\n"
    new = docs.renewed(text)
    assert new.startswith("before\n<!-- from the code: other spellings -->\n\n| also read")
    assert new.endswith("<!-- end -->\nafter\n")
    assert "stale" not in new
    assert docs.renewed(new) == new


def test_a_piece_that_nobody_makes_is_an_error() -> None:
    with pytest.raises(KeyError, match="nonsense"):
        docs.renewed("<!-- from the code: nonsense -->\n<!-- end -->")


def test_every_opened_mark_is_closed() -> None:
    for document in (docs.ROOT / "docs").rglob("*.md"):
        text = document.read_text(encoding="utf-8")
        assert text.count("<!-- from the code: ") == text.count("<!-- end -->"), document


@pytest.mark.parametrize(
    ("piece", "states"), [("states of a participant", ParticipantState), ("states of a transport", TransportState)]
)
def test_a_drawing_has_every_state(piece: str, states: type[ParticipantState] | type[TransportState]) -> None:
    drawn = docs.PIECES[piece]()
    assert all(state.name in drawn for state in states)


def test_every_package_is_in_a_layer() -> None:
    layered = docs_structure.layers()
    packages = [path.parent.name for path in (docs.ROOT / "server" / "roomwright").glob("*/__init__.py")]
    assert [name for name in packages if name not in layered and name != "pages"] == []


def test_keys_that_are_ours_are_keys() -> None:
    sections = {path.rpartition(".")[0] for path in SUPPORTED}
    assert OWN - SUPPORTED.keys() - sections == set()
    assert {new for new in RENAMED.values() if new not in SUPPORTED} == set()


def test_the_settings_are_yaml_with_every_comment_in_its_width() -> None:
    text = docs_configuration.settings()
    assert yaml.safe_load(text.strip().removeprefix("```yaml").removesuffix("```"))["port"] == 7880
    assert max(map(len, text.splitlines())) <= 140


def test_a_table_cannot_be_broken_by_its_text() -> None:
    assert docs_text.table(("a",), [("x|y",)]) == "| a |\n| --- |\n| x&#124;y |\n"
