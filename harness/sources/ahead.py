"""Work in threads, a bounded number of steps ahead of whoever takes the results."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

A = TypeVar("A")
B = TypeVar("B")


def ahead(function: Callable[[A], B], items: Iterable[A], workers: int) -> Iterator[B]:
    """`function` of every item, in the order of the items, whatever `workers` is.

    Twice as many results as workers are in memory or in the making, and no more are begun until one is taken.
    """
    # Executor.map would begin everything at once and keep what nobody took yet.
    remaining = iter(items)
    with ThreadPoolExecutor(max(1, workers), thread_name_prefix="images") as pool:
        waiting: deque[Future[B]] = deque()
        try:
            for item in islice(remaining, 2 * max(1, workers)):
                waiting.append(pool.submit(function, item))
            while waiting:
                result = waiting.popleft().result()
                for item in islice(remaining, 1):
                    waiting.append(pool.submit(function, item))
                yield result
                del result  # or it would be held until the next one is there
        finally:
            pool.shutdown(cancel_futures=True)
