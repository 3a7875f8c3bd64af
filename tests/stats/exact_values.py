"""Values whose sums and differences are exact, so that invariance holds to the last digit that matters."""

from hypothesis import strategies as st

eighths = st.integers(-400, 400).map(lambda number: number / 8)


def lists(fewest: int, most: int = 7) -> st.SearchStrategy[list[float]]:
    return st.lists(eighths, min_size=fewest, max_size=most)


def pairs(fewest: int, most: int = 7) -> st.SearchStrategy[tuple[list[float], list[float]]]:
    """Two lists of one length."""
    both = st.lists(st.tuples(eighths, eighths), min_size=fewest, max_size=most)
    return both.map(lambda found: ([a for a, _ in found], [b for _, b in found]))
