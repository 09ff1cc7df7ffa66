"""Records: what is written is read again, and a torn last line costs no other."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tevr.errors import UsageError
from tevr.evaluation.records import Record, RecordFile, SentenceScore, read_records

TEXTS = st.text(st.characters(codec="utf-8"))
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
SCORES = st.builds(
    SentenceScore,
    acoustic=st.none() | NUMBERS,
    language=NUMBERS,
    joint=st.none() | NUMBERS,
    unknown=st.lists(TEXTS, max_size=2).map(tuple),
)
RECORDS = st.builds(
    Record,
    name=TEXTS,
    path=TEXTS,
    reference=TEXTS,
    hypothesis=TEXTS,
    seconds=NUMBERS,
    traits=st.dictionaries(TEXTS, TEXTS, max_size=2),
    problem=st.none() | TEXTS,
    said=st.none() | SCORES,
)


@settings(deadline=None)  # the machine may be busy
@given(records=st.lists(RECORDS, max_size=3), cut=st.integers(1, 40))
def test_records_survive_any_cut_of_the_file(
    records: list[Record], cut: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("records") / "utterances.jsonl"
    file = RecordFile(path)
    for record in records:
        file.append(record)
    file.close()
    assert list(read_records(path)) == records
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    torn = RecordFile(path)
    assert torn.records == records[: len(torn.records)]
    for record in records[len(torn.records) :]:
        torn.append(record)
    torn.close()
    assert path.read_bytes() == whole


@pytest.mark.parametrize("line", ["[]", '{"name": 1}', "text", '{"said": {}}'])
def test_what_is_no_record_is_refused_with_its_line(line: str, tmp_path: Path) -> None:
    path = tmp_path / "utterances.jsonl"
    path.write_text(f"{line}\n", encoding="utf-8")
    with pytest.raises(UsageError, match="Line 1"):
        RecordFile(path)
