"""What the values to choose from are called, where a person wrote a list instead of labels."""

from collections.abc import Iterator

from harness.config.tree import Node


def labelled(values: list[Node] | dict[str, Node], prefix: str = "") -> Iterator[tuple[str | None, Node]]:
    """Each value after its label; None where it has none.

    In a mapping the keys are the labels. In a list, text is its own label, a part's is its `name`; numbers,
    true, false and null are called what was written, after `prefix`.
    """
    if isinstance(values, dict):
        yield from values.items()
        return
    for node in values:
        named = node.value.get("name") if isinstance(node.value, dict) else node
        if named is None or isinstance(named.value, list | dict):
            yield None, node
        elif isinstance(named.value, str):
            yield named.value, node
        else:
            yield prefix + named.text, node
