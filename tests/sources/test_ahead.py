"""Work ahead: in order, and no more of it than was said."""

import threading
from itertools import count

import pytest

from harness.sources.ahead import ahead


@pytest.mark.parametrize("workers", [0, 1, 2, 5])
def test_results_are_in_order_and_few_are_begun_before_they_are_taken(workers: int) -> None:
    begun = 0
    lock = threading.Lock()

    def work(item: int) -> int:
        nonlocal begun
        with lock:
            begun += 1
        return item * item

    results = ahead(work, count(), workers)  # without an end: whatever takes all of it never returns
    for taken in range(50):
        assert next(results) == taken * taken
        assert begun <= taken + 1 + 2 * max(1, workers)
    results.close()  # type: ignore[attr-defined]


def test_an_error_comes_where_its_result_would() -> None:
    results = ahead(lambda item: 6 // item, [3, 2, 0, 1], workers=3)
    assert [next(results), next(results)] == [2, 3]
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_nothing_gives_nothing() -> None:
    assert list(ahead(str, [], workers=2)) == []
