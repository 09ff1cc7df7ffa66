"""Records tell files apart by content; manifests come back as they were written."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tevr.lm.manifest import (
    DECODING,
    FileRecord,
    Manifest,
    Origin,
    Parent,
    read_manifest,
    write_manifest,
)

ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
"""SHA-256 of "abc", FIPS 180-2, appendix B.1."""

counts = st.integers(0, 10**9)
names = st.text(min_size=1).filter(lambda text: text.isprintable())
origins = st.builds(
    Origin,
    name=names,
    sizes=st.lists(counts, min_size=1, max_size=6).map(tuple),
    sentences=counts,
    words=counts,
    texts=st.lists(names, max_size=3).map(tuple),
    parents=st.lists(st.builds(Parent, names, st.floats(0, 1)), max_size=3).map(tuple),
)
records = st.dictionaries(names, st.builds(FileRecord, counts, names), max_size=3)
decodings = st.dictionaries(st.sampled_from(DECODING), st.floats(-100, 100))


@pytest.mark.parametrize("content", [b"", b"abc", bytes(300_000)])
def test_a_record_is_that_of_the_content(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(content)
    assert FileRecord.of(path) == FileRecord.of_content(content)
    assert FileRecord.of(path).bytes == len(content)
    assert FileRecord.of_content(b"abc").sha256 == ABC


def test_other_content_of_the_same_size_has_another_record() -> None:
    assert FileRecord.of_content(b"abc") != FileRecord.of_content(b"abd")


def test_a_missing_file_has_no_record(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        FileRecord.of(tmp_path / "none")


@given(st.builds(Manifest, origins, records, decodings))
def test_a_manifest_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, manifest: Manifest
) -> None:
    folder = tmp_path_factory.getbasetemp()
    write_manifest(manifest, folder)
    assert read_manifest(folder) == manifest
