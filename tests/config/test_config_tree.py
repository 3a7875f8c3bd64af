"""Merging, dotted keys, parts, and the command line's overrides."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.config.overrides import overridden, override, parsed, stacked
from harness.config.reading import parse
from harness.config.tree import Node, locate, merged, plain
from harness.errors import ConfigError


def tree(value: object, where: str = "line 1") -> Node:
    if isinstance(value, dict):
        return Node({key: tree(child, where) for key, child in value.items()}, where, "x.yaml")
    if isinstance(value, list):
        return Node([tree(child, where) for child in value], where, "x.yaml")
    assert value is None or isinstance(value, str | int | float | bool)
    return Node(value, where, "x.yaml")


def merge(base: object, changes: object) -> Any:
    return plain(merged(tree(base), tree(changes)))


@pytest.mark.parametrize(
    ("base", "changes", "result"),
    [
        ({"a": 1}, {}, {"a": 1}),
        ({"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"c": 3}}, {"a": {"b": 1, "c": 3}}),
        ({"a": {"b": 1, "c": 2}}, {"a.c": 3}, {"a": {"b": 1, "c": 3}}),
        ({}, {"a.b.c": 3}, {"a": {"b": {"c": 3}}}),
        ({}, {"a": {"b.c": 3}}, {"a": {"b": {"c": 3}}}),
        ({"a": None}, {"a.b": 3}, {"a": {"b": 3}}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": [1]}, {"a": 3}, {"a": 3}),
        ({"a": {"b": 1}}, {"a": None}, {"a": None}),
        ({"n": "mlp"}, {"n.latent.size": 64}, {"n": {"name": "mlp", "latent": {"size": 64}}}),
        ({"n": "mlp"}, {"n": {"latent": {"size": 64}}}, {"n": {"name": "mlp", "latent": {"size": 64}}}),
        (
            {"n": {"name": "mlp", "w": 1}},
            {"n": {"name": "mlp", "v": 2}},
            {"n": {"name": "mlp", "w": 1, "v": 2}},
        ),
        (
            {"n": {"name": "mlp", "w": 1}},
            {"n": {"v": 2, "name": "maxout"}},
            {"n": {"name": "maxout", "v": 2}},
        ),
        ({"n": {"name": "mlp", "w": 1}}, {"n.name": "maxout"}, {"n": {"name": "maxout"}}),
        ({"n": {"name": "mlp", "w": 1}}, {"n": "maxout"}, {"n": "maxout"}),
        ({"n": {"name": "mlp", "w": 1}}, {"n": "mlp"}, {"n": "mlp"}),
        ({"n": "mlp"}, {"n": {"name": "maxout", "w": 2}}, {"n": {"name": "maxout", "w": 2}}),
        ({"n": "mlp"}, {"n.w": 2, "n": "maxout"}, {"n": {"name": "maxout", "w": 2}}),
        ({"n": "mlp"}, {"n.w": 2, "n.name": "maxout"}, {"n": {"name": "maxout", "w": 2}}),
        ({"p": ["r1", "r2"]}, {"p.1.weight": 5}, {"p": ["r1", {"name": "r2", "weight": 5}]}),
        ({"p": [{"name": "r1", "weight": 1}]}, {"p.0.weight": 5}, {"p": [{"name": "r1", "weight": 5}]}),
        ({"p": [1]}, {"p.x": 5}, {"p": {"x": 5}}),
        ({"name": "one", "a": 1}, {"name": "two"}, {"name": "two", "a": 1}),
    ],
)
def test_merged(base: object, changes: object, result: object) -> None:
    assert merge(base, changes) == result


def test_every_value_keeps_its_own_place() -> None:
    base = parse("a:\n  b: 1\n  c: 2\nn: mlp\n", file="x.yaml")
    assert base is not None
    result = merged(merged(base, override("a.c=3")), override("n.w=4"))
    assert locate(result, ("a", "b")) == "x.yaml:2"
    assert locate(result, ("a", "c")) == "override `a.c=3`"
    assert locate(result, ("a",)) == "x.yaml:1"
    assert locate(result, ("n", "name")) == "x.yaml:4"
    assert locate(result, ("n", "w")) == "override `n.w=4`"


@pytest.mark.parametrize("key", ["", ".", "a.", ".a", "a..b", ".".join("a" * 40)])
def test_keys_that_are_none(key: str) -> None:
    with pytest.raises(ConfigError, match=r"^x.yaml:1: `.*` is not a key"):
        merge({}, {key: 1})


def test_no_such_item() -> None:
    with pytest.raises(ConfigError, match=r"^override `p.2.w=1`: no item 2: the list has 2"):
        merged(tree({"p": ["a", "b"]}), override("p.2.w=1"))


safe_keys = st.sampled_from(["a", "b", "c", "d"])
mappings = st.recursive(
    st.dictionaries(safe_keys, st.integers() | st.lists(st.integers(), max_size=2), max_size=3),
    lambda inner: st.dictionaries(safe_keys, inner, max_size=3),
)


@given(mappings, mappings)
def test_what_changes_set_holds(base: dict[str, Any], changes: dict[str, Any]) -> None:
    once = merged(tree(base), tree(changes))
    assert plain(merged(once, tree(changes))) == plain(once)
    assert merge({}, base) == base
    assert merge(base, base) == base
    assert merge(base, {}) == base


@given(mappings, mappings, mappings)
def test_merging_is_associative(first: dict[str, Any], second: dict[str, Any], third: dict[str, Any]) -> None:
    # Up to the empty mapping, which as a change changes nothing and as a value is one.
    def without_empty(value: Any) -> Any:
        inner = (
            {key: without_empty(child) for key, child in value.items()} if isinstance(value, dict) else value
        )
        return (
            {key: child for key, child in inner.items() if child != {}} if isinstance(inner, dict) else inner
        )

    def same_kind(a: Any, b: Any) -> bool:
        if isinstance(a, dict) and isinstance(b, dict):
            return all(same_kind(a[key], b[key]) for key in a.keys() & b.keys())
        return isinstance(a, dict) == isinstance(b, dict)

    if same_kind(first, second) and same_kind(second, third) and same_kind(first, third):
        left = merge(merge(first, second), third)
        assert without_empty(left) == without_empty(merge(first, merge(second, third)))


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("training.steps=2000", {"training.steps": 2000}),
        (" training.steps = 2000 ", {"training.steps": 2000}),
        ("a=1e-4", {"a": 1e-4}),
        ("a=no", {"a": "no"}),
        ("a=true", {"a": True}),
        ("a=", {"a": None}),
        ("a=null", {"a": None}),
        ("a=x=y", {"a": "x=y"}),
        ("seeds=0,1", {"seeds": [0, 1]}),
        ("seeds=0,", {"seeds": [0]}),
        ("seeds=[0]", {"seeds": [0]}),
        ("seeds=[0, 1]", {"seeds": [0, 1]}),
        ("a=[0, 1],[2]", {"a": [[0, 1], [2]]}),
        ("a=[]", {"a": []}),
        ("n={name: mlp, w: [1, 2]}", {"n": {"name": "mlp", "w": [1, 2]}}),
        ("p={name: r1},r2", {"p": [{"name": "r1"}, "r2"]}),
        ('a="x, y"', {"a": "x, y"}),
        ("a='x, y'", {"a": "x, y"}),
        ("n=my.module:Net", {"n": "my.module:Net"}),
        ("a=3 # comment", {"a": 3}),
        ("a=/data/images", {"a": "/data/images"}),
    ],
)
def test_override(text: str, result: object) -> None:
    node = override(text)
    assert plain(node) == result
    assert node.where == f"override `{text.strip()}`".replace("  ", " ")
    assert node.file == ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("steps", "override `steps`: no `=`; write key=value"),
        ("", "override ``: no `=`"),
        ("=3", "override `=3`: `` is not a key"),
        ("a..b=3", "override `a..b=3`: `a..b` is not a key"),
        ("a b=3", "override `a b=3`: `a b` is not a key"),
        ("a=[1", "override `a=[1`: "),
        ("a=1]", "override `a=1]`: "),
        ("a=1], [2", "override `a=1], [2`: "),
        ("a=#fff", "override `a=#fff`: cannot read the value; quote"),
        ("a=!!python/name:os.system x", "override `a=!!python/name:os.system x`: tags are not allowed"),
        ("a={b: 1, b: 2}", "override `a={b: 1, b: 2}`: duplicate key `b`"),
        ("a=*x", "override `a=*x`: not valid YAML: found undefined alias"),
        ("a={}", "override `a={}`: an empty mapping changes nothing"),
        (
            "variants.a.training.steps=3",
            "override `variants.a.training.steps=3`: variants are changed in the file",
        ),
        ("a=" + "[" * 1000, "override `a=[[[["),
    ],
)
def test_a_malformed_override_is_refused_in_one_line(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        override(text)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


@given(st.text())
def test_any_override_is_read_or_refused_in_one_line(text: str) -> None:
    try:
        node = override(f"key={text}")
    except ConfigError as error:
        assert "\n" not in str(error)  # noqa: PT017
    else:
        assert isinstance(node.value, dict)


def test_a_part_is_chosen_before_it_is_refined() -> None:
    base = tree({"n": {"name": "mlp", "w": 1}})
    for texts in (["n=maxout", "n.w=2"], ["n.w=2", "n=maxout"], ["n.w=2", "n.name=maxout"]):
        assert plain(overridden(base, parsed(texts))) == {"n": {"name": "maxout", "w": 2}}


@pytest.mark.parametrize(
    ("variant", "texts", "result"),
    [
        ({}, ["t.steps=1"], {}),
        ({"t": {"lr": 5}}, ["t.steps=1"], {"t": {"lr": 5}}),
        ({"t": {"steps": 5}}, ["t.steps=1"], {"t": {"steps": 5}, "t.steps": 1}),
        ({"t.steps": 5}, ["t.steps=1"], {"t.steps": 1}),
        ({"n": "mlp"}, ["n.w=1"], {"n": "mlp", "n.w": 1}),
        ({"n.w": 1}, ["n=maxout"], {"n.w": 1}),
        ({"n": {"name": "mlp", "w": 1}}, ["n=maxout"], {"n": "maxout"}),
        ({"n": {"name": "mlp"}}, ["n=maxout", "n.v=1"], {"n": "maxout", "n.v": 1}),
        ({"p.0.w": 1}, ["p=[r1]", "p.0.v=2"], {"p": ["r1"], "p.0.v": 2}),
    ],
)
def test_stacked(variant: object, texts: list[str], result: object) -> None:
    assert plain(stacked(tree(variant), parsed(texts))) == result


@given(
    st.fixed_dictionaries({"a": mappings, "b": mappings}),
    st.dictionaries(safe_keys, mappings, max_size=2),
    st.lists(st.tuples(st.sampled_from(["a", "a.b", "a.b.c", "b.a", "b"]), st.integers(0, 9)), max_size=3),
)
def test_overrides_hold_in_every_variant(base: Any, variant: Any, assignments: list[tuple[str, int]]) -> None:
    """A stacked variant over an overridden base is the same as overriding last."""
    overrides = parsed(f"{key}={value}" for key, value in assignments)
    stacks = merged(overridden(tree(base), overrides), stacked(tree(variant), overrides))
    last = overridden(merged(tree(base), tree(variant)), overrides)

    def set_at(node: Node, key: str) -> Any:
        value = plain(node)
        for step in key.split("."):
            value = value.get(step) if isinstance(value, dict) else None
        return value

    for key, _ in assignments:
        if not any(other.startswith(f"{key}.") for other, _ in assignments):
            assert set_at(stacks, key) == set_at(last, key)
