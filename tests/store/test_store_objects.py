"""Content-addressed files."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ostler.core.canonical import digest_bytes, digest_of
from ostler.core.errors import BadInput, NotFound, VerificationFailed
from ostler.store.objects import Objects

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
same_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@same_folder
@given(JSON)
def test_a_value_comes_back_under_its_digest(objects: Objects, value: object) -> None:
    digest = objects.put(value)
    assert digest == digest_of(value)
    assert objects.get(digest) == value


@same_folder
@given(TEXT)
def test_a_text_comes_back_under_its_digest(objects: Objects, text: str) -> None:
    digest = objects.put_text(text)
    assert digest == digest_bytes(text.encode())
    assert objects.text(digest) == text


def test_putting_twice_makes_one_file_and_no_drafts(objects: Objects) -> None:
    assert list(objects.names()) == []
    first, again, other = objects.put({"a": 1}), objects.put({"a": 1}), objects.put_text("b")
    assert first == again
    assert list(objects.names()) == sorted([first, other])
    files = [path for path in objects.folder.rglob("*") if path.is_file()]
    assert sorted(path.parent.name + path.name for path in files) == sorted([first, other])


def test_a_draft_that_a_kill_left_behind_is_no_object(objects: Objects) -> None:
    digest = objects.put("x")
    objects.path(digest).with_name(".half").write_bytes(b"x")
    assert list(objects.names()) == [digest]


def test_an_edited_file_is_named_and_a_missing_one_is_not_found(objects: Objects) -> None:
    digest = objects.put("x")
    path = objects.path(digest)
    path.write_bytes(b'"y"')
    with pytest.raises(VerificationFailed) as edited:
        objects.get(digest)
    assert str(path) in edited.value.message
    path.unlink()
    with pytest.raises(NotFound):
        objects.get(digest)


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "objects").write_text("a file where the folder belongs")
    with pytest.raises(BadInput, match="cannot be written"):
        Objects(tmp_path / "objects").put(1)


def test_a_file_that_cannot_be_read_is_told(objects: Objects) -> None:
    objects.path("a" * 64).mkdir(parents=True)
    with pytest.raises(BadInput, match="cannot be read"):
        objects.get("a" * 64)
