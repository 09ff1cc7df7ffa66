"""Committees: votes as defined, any classifier a member, changes of images, runs kept and used."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from tevr.models.committee import (
    SMALL,
    Changes,
    Committee,
    Member,
    TrainConfig,
    compare,
    demo,
    fit_members,
    predict,
    train,
    vote,
)
from tevr.models.data import read_images
from tevr.models.fit import News

FAST = replace(SMALL, members=3, filters=8, upper=6, groups=2, channels=4, patches=300)


def drawn(members: int, images: int, classes: int, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(members, images, classes, generator=generator)


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 6), st.integers(2, 5), st.integers(0, 99))
def test_hard_votes_count_heads_and_equal_counts_go_by_soft_votes(
    members: int, classes: int, seed: int
) -> None:
    scores = drawn(members, 20, classes, seed)
    counts = torch.stack([(scores.argmax(2) == at).sum(0) for at in range(classes)], 1)
    soft = vote(scores, "soft")
    for image, chosen in enumerate(vote(scores, "hard").argmax(1).tolist()):
        first = counts[image] == counts[image].max()
        assert first[chosen]
        assert soft[image, chosen] >= soft[image][first].max() - 1e-5


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 6), st.integers(0, 99))
def test_soft_votes_do_not_ask_for_a_member_s_scale(members: int, seed: int) -> None:
    scores = drawn(members, 10, 4, seed)
    generator = torch.Generator().manual_seed(seed)
    scale = torch.rand(members, 1, 1, generator=generator) * 9 + 0.1
    torch.testing.assert_close(vote(scores * scale + 5), vote(scores), atol=1e-4, rtol=1e-3)


def test_the_order_of_members_does_not_matter() -> None:
    scores = drawn(5, 30, 3, 0)
    for how in ("soft", "hard"):
        torch.testing.assert_close(vote(scores.flip(0), how), vote(scores, how))  # type: ignore[arg-type]


def test_one_sure_member_outvotes_two_unsure_ones_by_soft_votes_only() -> None:
    scores = torch.tensor([[[3.0, 0, 0]], [[1.0, 1.01, -3]], [[1.0, 1.01, -3]]])
    assert vote(scores, "hard").argmax(1).item() == 1
    assert vote(scores, "soft").argmax(1).item() == 0


class Fixed:
    """A classifier that always says the same of an image."""

    def __init__(self, table: Tensor) -> None:
        self.table = table

    def scores(self, images: Tensor) -> Tensor:
        return self.table[images.long()[:, 0]]


def test_any_classifiers_and_committees_too_can_be_members() -> None:
    tables = drawn(3, 12, 4, 1)
    members = [Fixed(table) for table in tables]
    inner = Committee(members, "hard")
    images = torch.arange(12.0)[:, None]
    assert torch.equal(inner.predict(images), vote(tables, "hard").argmax(1))
    outer = Committee([inner, members[0]])
    expected = vote(torch.stack([inner.scores(images), tables[0]]))
    assert torch.equal(outer.scores(images), expected)


def test_independent_members_are_beaten_by_their_committee() -> None:
    labels = torch.randint(4, (2000,), generator=torch.Generator().manual_seed(0))
    truth = torch.nn.functional.one_hot(labels, 4)
    scores = truth + drawn(7, 2000, 4, 2) * 1.2
    found = compare(scores, labels)
    assert found["mean member"] <= found["best member"]
    assert found["hard vote"] > found["best member"] + 0.1
    assert found["soft vote"] > found["hard vote"]


def test_votes_that_cannot_be_counted_are_refused() -> None:
    with pytest.raises(ValueError, match="choose soft or hard"):
        vote(drawn(2, 3, 4, 0), "loud")  # type: ignore[arg-type]
    for wrong in (torch.zeros(3, 4), torch.zeros(0, 3, 4)):
        with pytest.raises(ValueError, match="members × images × classes"):
            vote(wrong)


def images(count: int = 40) -> Tensor:
    rows, columns = torch.meshgrid(torch.arange(15.0), torch.arange(15.0), indexing="ij")
    one = torch.exp(-((rows - 4) ** 2 + (columns - 10) ** 2) / 8)
    return one.expand(count, 1, 15, 15).clone()


def test_mirroring_alone_gives_the_image_or_its_mirror_image() -> None:
    found = Changes(mirror=True, turn=0, scale=0).apply(images(), torch.Generator().manual_seed(0))
    same = (found - images()).abs().amax((1, 2, 3)) < 1e-4
    turned = (found - images().flip(3)).abs().amax((1, 2, 3)) < 1e-4
    assert (same ^ turned).all()
    assert 8 < turned.sum() < 32


def test_no_changes_change_nothing() -> None:
    found = Changes(mirror=False, turn=0, scale=0).apply(images(), torch.Generator())
    torch.testing.assert_close(found, images(), atol=1e-5, rtol=0)


def centre(image: Tensor) -> Tensor:
    """Where an image is bright, from its middle (down, right)."""
    weights = image[0] / image.sum()
    steps = torch.arange(15.0) - 7
    return torch.stack([(weights.sum(1) * steps).sum(), (weights.sum(0) * steps).sum()])


def test_turning_keeps_distances_and_scaling_keeps_directions() -> None:
    start = centre(images(1)[0])
    generator = torch.Generator().manual_seed(0)
    turned = Changes(mirror=False, turn=40, scale=0).apply(images(), generator)
    places = torch.stack([centre(image) for image in turned])
    torch.testing.assert_close(places.norm(dim=1), start.norm().expand(40), rtol=0.1, atol=0)
    angles = torch.atan2(places[:, 0], places[:, 1]) - torch.atan2(*start)
    assert angles.abs().max() < 41 * torch.pi / 180
    assert angles.std() > 0.2
    scaled = Changes(mirror=False, turn=0, scale=0.3).apply(images(), generator)
    places = torch.stack([centre(image) for image in scaled])
    angles = torch.atan2(places[:, 0], places[:, 1]) - torch.atan2(*start)
    assert angles.abs().max() < 0.1
    assert places.norm(dim=1).std() > 0.3


def test_members_differ_in_seed_and_filter_size_and_see_random_groups() -> None:
    networks = [TrainConfig().network(number, (3, 32, 32)) for number in range(4)]
    sizes = [network.config.layers[0].size for network in networks]
    assert sizes == [5, 6, 7, 5]
    assert len({network.config.seed for network in networks}) == 4
    assert all(network.config.grouping == "random" for network in networks)


def test_digits_are_learned_from_a_few_and_the_same_again() -> None:
    few, rest = read_images("digits").split(10, 0)
    tried = rest.take(slice(400))
    members = fit_members(few, None, FAST)
    scores = Committee(members).all_scores(tried.floats())
    found = compare(scores, tried.labels)
    assert found["soft vote"] > 0.75
    again = Member(0, (1, 8, 8), FAST).fit(few.floats(), few.labels)
    torch.testing.assert_close(again.scores(tried.floats()), scores[0])


def test_a_member_that_learned_nothing_says_so() -> None:
    with pytest.raises(ValueError, match="call fit first"):
        Member(0, (1, 8, 8), FAST).scores(torch.zeros(1, 1, 8, 8))


def test_the_demo_tells_members_and_votes() -> None:
    said = demo()
    assert said.count("%") == 4
    assert "soft vote" in said


def test_a_run_is_trained_kept_and_used(tmp_path: Path, picture_folder: Path) -> None:
    config = replace(FAST, size=12, photographs=True, mirror=True, held_out=0.25)
    told: list[News] = []
    figures = train(picture_folder, tmp_path / "run", config, told.append)
    assert figures["soft vote"] >= 0.75
    assert [news.step for news in told] == [1, 2, 3]
    assert train(picture_folder, tmp_path / "run", config, told.append) == figures
    assert len(told) == 3
    files = sorted((picture_folder / "horizontal").iterdir())[:6]
    said = list(predict(tmp_path / "run", files))
    assert sum(each["class"] == "horizontal" for each in said) >= 5
    with pytest.raises(ValueError, match=r"config\.vote soft, not hard"):
        train(picture_folder, tmp_path / "run", replace(config, vote="hard"), print)


@pytest.mark.parametrize(
    "wrong", [{"members": 0}, {"copies": -1}, {"vote": "loud"}, {"held_out": 1}]
)
def test_settings_out_of_range_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"at least 1|choose soft"):
        TrainConfig(**wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="share below 1"):
        Changes(scale=1.0)
