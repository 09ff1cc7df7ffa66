"""Agreement: only what the latest drafts share word by word from the first on."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tevr.agreement import Agreement, shared

texts = st.lists(st.sampled_from("abc"), max_size=6)


@given(st.lists(texts, min_size=1, max_size=12), st.integers(1, 4))
def test_the_words_agreed_on_stand_in_all_the_latest_drafts(
    drafts: Sequence[list[str]], needed: int
) -> None:
    agreement = Agreement(needed)
    for number, draft in enumerate(drafts, 1):
        count = agreement.push(draft)
        latest = drafts[max(0, number - needed) : number]
        if len(latest) < needed:
            assert count == 0
            continue
        assert all(one[:count] == other[:count] for one, other in pairwise(latest))
        longer = {tuple(each[: count + 1]) for each in latest}
        assert len(longer) > 1 or len(draft) == count  # not one word less than they share


@given(st.lists(texts, min_size=3, max_size=3), texts)
def test_words_that_are_final_are_left_out_of_the_drafts_before(
    drafts: Sequence[list[str]], final: list[str]
) -> None:
    whole, rest = Agreement(3), Agreement(3)
    for draft in drafts[:2]:
        whole.push(final + draft)
        rest.push(draft)
    whole.settle(len(final))
    assert whole.push(drafts[2]) == rest.push(drafts[2])


def test_drafts_of_something_else_count_for_nothing() -> None:
    agreement = Agreement(2)
    agreement.push(["a"])
    agreement.clear()
    assert agreement.push(["a"]) == 0
    assert agreement.push(["a"]) == 1


def test_words_are_shared_up_to_the_first_that_differs() -> None:
    assert shared(["a", "b", "c"], ["a", "x", "c"]) == 1
    assert shared([], ["a"]) == 0
    assert shared(["a", "b"], ["a", "b", "c"]) == 2
