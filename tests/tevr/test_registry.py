"""What is known of published models."""

from __future__ import annotations

import pytest

from tevr.errors import UsageError
from tevr.registry import PUBLISHED, PUBLISHED_DECODING, published
from tevr.tokens import TokenTable


def test_the_authors_own_numbers_decode() -> None:
    assert published("de-1b").decoding is PUBLISHED_DECODING
    assert (PUBLISHED_DECODING.alpha, PUBLISHED_DECODING.beta) == (0.7, 0.75)
    assert (PUBLISHED_DECODING.beam, PUBLISHED_DECODING.token_floor) == (500, -5.0)
    assert PUBLISHED_DECODING.unknown_offset == -10.0
    assert PUBLISHED_DECODING.compound_offset is None


def test_the_published_labels_are_as_many_as_the_bundled_ones(tokens: TokenTable) -> None:
    assert published("de-1b").labels == len(tokens.labels)


def test_every_model_stands_under_its_name() -> None:
    assert all(name == model.name for name, model in PUBLISHED.items())


def test_an_unknown_name_tells_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"'de-2b' can be pulled.*de-1b"):
        published("de-2b")
