"""What images are, whatever they are called and in whatever order they come."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from harness.data import contents

IMAGES = torch.randint(0, 256, (40, 1, 4, 4), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)


@given(st.permutations(range(40)))
def test_neither_digest_nor_order_depends_on_the_order_of_files(order: list[int]) -> None:
    moved = IMAGES[order]
    keys, others = contents.digests(IMAGES), contents.digests(moved)
    assert contents.digest_of_set(keys) == contents.digest_of_set(others)
    assert torch.equal(IMAGES[contents.order(keys)], moved[contents.order(others)])


def test_one_grey_level_of_one_pixel_is_another_set() -> None:
    changed = IMAGES.clone()
    changed[7, 0, 2, 3] ^= 1
    assert contents.digest_of_set(contents.digests(changed)) != contents.digest_of_set(
        contents.digests(IMAGES)
    )


def test_shape_type_and_number_of_copies_count() -> None:
    same_bytes = IMAGES.view(40, 1, 2, 8)
    assert contents.digests(same_bytes)[0] != contents.digests(IMAGES)[0]
    assert contents.digests(IMAGES.float())[0] != contents.digests(IMAGES)[0]
    twice = contents.digests(IMAGES[[0, 0, 1]])
    assert contents.digest_of_set(twice) != contents.digest_of_set(contents.digests(IMAGES[:2]))


def test_labels_count_where_they_are_asked_for() -> None:
    keys, labels = contents.digests(IMAGES), torch.arange(40)
    named = contents.digest_of_set(keys, labels)
    assert named != contents.digest_of_set(keys)
    assert named != contents.digest_of_set(keys, labels.flip(0))
    assert named == contents.digest_of_set(keys[::-1], labels.flip(0))


def test_the_first_part_of_the_order_is_no_biased_sample() -> None:
    # Sorted by brightness, as a folder of classes might be; the order by digest must not care.
    ramp = torch.arange(2000, dtype=torch.int32).view(torch.uint8).view(2000, 1, 2, 2)
    first = contents.order(contents.digests(ramp))[:200].double()
    assert abs(float(first.mean()) - 999.5) < 4 * 2000 / 12**0.5 / 200**0.5
