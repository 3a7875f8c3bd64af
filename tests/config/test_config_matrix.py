"""`matrix`: the variants are the product of the axes, in order; every mistake is said with its place."""

import itertools
import math
from typing import Any

import pytest
from config_examples import GOOD, TABLES, Load
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from harness.config import experiment_schema, to_yaml
from harness.config.matrix import MAX_COMBINATIONS
from harness.config.reading import parse
from harness.config.tree import plain
from harness.errors import ConfigError

VALIDATOR = Draft202012Validator(experiment_schema(TABLES))

# Axis -> (label, value as written); True where a list gives just these labels.
AXES: dict[str, tuple[dict[str, str], bool]] = {
    "loss": ({"hinge": "hinge", "least_squares": "{name: least_squares, real: 2}"}, True),
    "penalties": ({"none": "[]", "r1": "[r1]", "strong": "[{name: r1, weight: 3}]"}, False),
    "training.learning_rate": (
        {"learning_rate_1e-3": "1e-3", "learning_rate_0.5": "0.5", "learning_rate_2": "2"},
        True,
    ),
    "training.discriminator_learning_rate": ({"discriminator_learning_rate_null": "null", "x": "3"}, False),
    "training.simultaneous": ({"simultaneous_true": "true", "simultaneous_false": "false"}, True),
    "network.latent.size": ({"size_8": "8", "size_16": "16"}, True),
    "evaluation": ({"few": "{num_samples: 10}", "many": "{num_samples: 20, every: 5}"}, False),
}


@st.composite
def axes(draw: st.DrawFn) -> dict[str, tuple[dict[str, str], bool]]:
    """Some axes in some order, some values of each in some order; True: written as a list."""
    found = {}
    for key in draw(st.lists(st.sampled_from(sorted(AXES)), unique=True, min_size=1, max_size=3)):
        values, can_be_list = AXES[key]
        labels = draw(st.lists(st.sampled_from(sorted(values)), unique=True, min_size=1))
        found[key] = ({label: values[label] for label in labels}, can_be_list and draw(st.booleans()))
    return found


def written(chosen: dict[str, tuple[dict[str, str], bool]]) -> str:
    lines = ["matrix:"]
    for key, (values, as_list) in chosen.items():
        inside = ", ".join(values.values() if as_list else (f"{label}: {v}" for label, v in values.items()))
        lines.append(f"  {key}: {f'[{inside}]' if as_list else f'{{{inside}}}'}")
    return "\n".join(lines) + "\n"


def by_hand(chosen: dict[str, tuple[dict[str, str], bool]]) -> str:
    """The same experiment without the shorthand."""
    lines = ["variants:"]
    for choice in itertools.product(*(values.items() for values, _ in chosen.values())):
        changes = (f"{key}: {value}" for key, (_, value) in zip(chosen, choice, strict=True))
        lines.append(f"  {'-'.join(label for label, _ in choice)}: {{{', '.join(changes)}}}")
    return "\n".join(lines) + "\n"


def accepts(text: str) -> bool:
    node = parse(text)
    assert node is not None
    return VALIDATOR.is_valid(plain(node))


def variants(loaded: Load, extra: str, *overrides: str) -> list[str]:
    cells = loaded(None, *overrides, text=GOOD + extra).cells
    return list(dict.fromkeys(cell.variant for cell in cells))


def refusal(loaded: Load, extra: str) -> str:
    with pytest.raises(ConfigError) as caught:
        loaded(text=GOOD + extra)
    return str(caught.value)


def overlap(override: str, key: str) -> bool:
    """Whether one of the two is inside the other."""
    return all(
        one == other
        for one, other in zip(override.partition("=")[0].split("."), key.split("."), strict=False)
    )


OVERRIDES = ["loss=hinge", "loss.real=4", "training.learning_rate=7", "penalties=[]", "network=maxout"]
EVERY = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)


@EVERY
@given(axes(), st.lists(st.sampled_from(OVERRIDES), unique=True, max_size=2))
def test_a_matrix_is_its_product_written_out(loaded: Load, chosen: Any, overrides: list[str]) -> None:
    short, long = GOOD + written(chosen), GOOD + by_hand(chosen)
    if any(overlap(override, key) for override in overrides for key in chosen):
        with pytest.raises(ConfigError, match="is an axis of the matrix; change it in the file"):
            loaded(None, *overrides, text=short)
        return
    try:
        expected = loaded(None, *overrides, text=long)
    except ConfigError:  # `loss.real` of a hinge
        with pytest.raises(ConfigError):
            loaded(None, *overrides, text=short)
        return
    result = loaded(None, *overrides, text=short)
    assert result.cells == expected.cells  # in this order, names and all
    assert len(result.cells) == 2 * math.prod(len(values) for values, _ in chosen.values())
    again = loaded(text=to_yaml(result.experiment))
    assert again.cells == result.cells
    assert again.experiment == result.experiment
    assert accepts(short)
    if not overrides:  # of another loss than the base's, as no schema can know
        assert accepts(to_yaml(result.experiment))


MATRIX = "matrix:\n  loss: [hinge, least_squares]\n  penalties: {none: [], r1: [r1]}\n"


def test_the_first_axis_varies_slowest(loaded: Load) -> None:
    assert variants(loaded, MATRIX) == ["hinge-none", "hinge-r1", "least_squares-none", "least_squares-r1"]


def test_variants_beside_it_change_leave_out_and_add(loaded: Load) -> None:
    beside = "variants:\n  other: {network: maxout}\n  least_squares-none:\n  hinge-r1: {training.steps: 5}\n"
    result = loaded(text=GOOD + MATRIX + beside)
    found = {cell.variant: cell for cell in result.cells}
    assert list(found) == ["hinge-none", "hinge-r1", "least_squares-r1", "other"]
    assert [cell.training.steps for cell in found.values()] == [6000, 5, 6000, 6000]
    assert (found["hinge-r1"].loss.name, len(found["hinge-r1"].penalties)) == ("hinge", 1)
    assert (found["other"].network.name, found["other"].loss.name) == ("maxout", "hinge")
    assert loaded(text=to_yaml(result.experiment)).cells == result.cells
    assert accepts(GOOD + MATRIX + beside)


@pytest.mark.parametrize(
    ("changes", "learning_rate", "penalties"),
    [
        ("{}", 1e-3, [10.0]),
        ("{training.learning_rate: 5}", 5, [10.0]),
        ("{training: {learning_rate: 5}}", 5, [10.0]),  # a shorter key than the axis, and still later
        ("{training: {steps: 5}}", 1e-3, [10.0]),
        ("{penalties.0.weight: 5}", 1e-3, [5.0]),
        ("{penalties: []}", 1e-3, []),
        ("{penalties: [{name: r1, weight: 2}]}", 1e-3, [2.0]),
    ],
)
def test_a_variant_is_laid_over_its_combination(
    loaded: Load, changes: str, learning_rate: float, penalties: list[float]
) -> None:
    text = "matrix:\n  training.learning_rate: {fast: 1e-3}\n  penalties: {r1: [r1]}\n"
    cell = loaded(text=GOOD + text + f"variants: {{fast-r1: {changes}}}\n").cells[0]
    assert cell.variant == "fast-r1"
    assert cell.training.learning_rate == learning_rate
    assert [part.options["weight"] for part in cell.penalties] == penalties


@pytest.mark.parametrize("override", ["loss=least_squares", "loss.real=3", "penalties.0.weight=2"])
def test_an_axis_cannot_be_overridden_for_its_labels_would_be_untrue(loaded: Load, override: str) -> None:
    key = override.partition("=")[0].partition(".")[0]
    with pytest.raises(ConfigError, match=rf"^override `{override}`: `{key}` is an axis of the matrix"):
        loaded(None, override, text=GOOD + MATRIX)


def test_what_is_no_axis_can_be_overridden(loaded: Load) -> None:
    cells = loaded(None, "training.learning_rate=7", text=GOOD + MATRIX).cells
    assert {cell.training.learning_rate for cell in cells} == {7.0}


@pytest.mark.parametrize("override", ["matrix.loss=hinge", "matrix={loss: [hinge]}", "matrix="])
def test_the_matrix_itself_is_changed_in_the_file(loaded: Load, override: str) -> None:
    with pytest.raises(ConfigError, match=r"^override `matrix.*`: the matrix is changed in the file"):
        loaded(None, override)


REFUSED_BY_SHAPE = [
    ("matrix: [hinge]", "10: matrix must be a mapping with an axis or more; write it like `loss: "),
    ("matrix:", "10: matrix must be a mapping with an axis or more"),
    ("matrix: {}", "10: matrix must be a mapping with an axis or more"),
    ("matrix:\n  loss: hinge", "11: matrix.loss must be a list of values or a mapping from label to value"),
    ("matrix:\n  loss:", "11: matrix.loss must be a list of values or"),
    ("matrix:\n  loss: []", "11: matrix.loss must be a list of values or"),
    ("matrix:\n  loss: {}", "11: matrix.loss must be a list of values or"),
    (
        "matrix:\n  loss: {name: least_squares, real: 2}",
        "11: matrix.loss is one part; write a list of those to choose from",
    ),
    (
        "matrix:\n  loss: [hinge]\n  seeds: [1, 2]",
        "12: `seeds` cannot be an axis: it is of the whole experiment",
    ),
    ("matrix:\n  name: [a, b]", "11: `name` cannot be an axis"),
    ("matrix:\n  variants.a: [a, b]", "11: `variants` cannot be an axis"),
    ("matrix:\n  matrix: {loss: [hinge]}", "11: `matrix` cannot be an axis"),
    ("matrix:\n  figures: [curve]", "11: `figures` cannot be an axis"),
    ("matrix:\n  lss: [hinge]", "11: unknown key `lss`; did you mean `loss`?"),
    ("matrix:\n  training.stepz: [1, 2]", "11: unknown key `stepz` in training; did you mean `steps`?"),
    ("matrix:\n  loss:\n    - hinge\n    - hing", "13: unknown loss `hing`; did you mean `hinge`?"),
    ("matrix:\n  loss:\n    h: hinge\n    l: hing", "13: unknown loss `hing`; did you mean `hinge`?"),
    ("matrix:\n  training.steps:\n    - 5\n    - 0", "13: training.steps must be at least 1, not 0"),
    (
        "matrix:\n  loss:\n    a: hinge\n    a/b: hinge",
        "13: `a/b` in matrix.loss cannot be in a variant's name; give all values labels: {label: value}",
    ),
    ("matrx: {loss: [hinge]}", "10: unknown key `matrx`; did you mean `matrix`?"),
    ("variants:\n  a:", "11: variants.a must be a mapping, not null; write {}"),
    (f"{MATRIX}variants:\n  hinge-r1: 5", "14: variants.hinge-r1 must be a mapping, not 5"),
    (f"{MATRIX}variants: [a]", '13: variants must be a mapping, not ["a"]'),
    (f"{MATRIX}variants:\n  hinge-r1:\n    seeds: [1]", "15: `seeds` cannot be inside a variant"),
]

REFUSED_BY_MEANING = [
    ("variants:\n  a: {matrix.loss: [hinge]}", "11: `matrix` cannot be inside a variant"),
    ("matrix:\n  training..steps: [1]", "11: `training..steps` is not a key"),
    (
        "matrix:\n  loss:\n    - my.module:loss",
        "12: `my.module:loss` in matrix.loss cannot be in a variant's",
    ),
    ("matrix:\n  training.learning_rate:\n    - ~", "12: `learning_rate_~` in matrix.training.learning_rate"),
    (
        "matrix:\n  network.widths:\n    - [256]\n    - [512]",
        "12: a value of matrix.network.widths has no name; give all values labels: {label: value}",
    ),
    ("matrix:\n  training:\n    - {steps: 5}", "12: a value of matrix.training has no name"),
    (
        "matrix:\n  loss:\n    - least_squares\n    - {name: least_squares, real: 2}",
        "13: matrix.loss has `least_squares` for the second time; give all values labels: {label: value}",
    ),
    (
        "matrix:\n  training: {a: {steps: 5}}\n  loss: [hinge]\n  training.ema: [0]",
        "13: matrix.training.ema is inside matrix.training; make one axis of the two, or",
    ),
    (
        "matrix:\n  loss.name: [hinge]\n  loss: [hinge]",
        "12: matrix.loss.name is inside matrix.loss; make one axis of the two, or",
    ),
    (
        "matrix:\n  loss: {a: hinge, a-b: hinge}\n  training.steps: {b-c: 1, c: 2}",
        "10: two combinations of the matrix are named `a-b-c`; change a label",
    ),
    (
        f"matrix:\n  loss: {{{'a' * 30}: hinge}}\n  training.steps: {{{'b' * 30}: 1}}",
        f"10: the combination `{'a' * 30}-{'b' * 30}` of the matrix has a name longer than 60 characters",
    ),
    (
        f"{MATRIX}  training.batch_size: {list(range(2, MAX_COMBINATIONS))}",
        "10: matrix has 1,992 combinations, more than 500; make several experiments of it",
    ),
    (
        f"{MATRIX}variants:\n  hinge-non:",
        "14: no combination `hinge-non` to leave out; did you mean `hinge-none`?",
    ),
    (
        "matrix: {loss: [hinge]}\nvariants:\n  hinge:",
        "11: every combination of the matrix is left out; remove both",
    ),
    (f"{MATRIX}variants:\n  hinge-r1: {{lss: hinge}}", "14: unknown key `lss`; did you mean `loss`?"),
]


@pytest.mark.parametrize(("extra", "message"), REFUSED_BY_SHAPE + REFUSED_BY_MEANING)
def test_one_mistake_one_line(loaded: Load, extra: str, message: str) -> None:
    text = refusal(loaded, extra + "\n")
    assert text.startswith(f"experiments/x.yaml:{message}")
    assert "\n" not in text


@pytest.mark.parametrize("extra", [extra for extra, _ in REFUSED_BY_SHAPE])
def test_the_schema_refuses_what_shape_tells(extra: str) -> None:
    assert not accepts(GOOD + extra + "\n")


def test_a_mistake_of_the_base_is_told_once_for_all_combinations(loaded: Load) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded({"mlp": "mpl"}, text=GOOD + MATRIX)
    assert str(caught.value) == "experiments/x.yaml:3: unknown network `mpl`; did you mean `mlp`?"


def test_as_many_combinations_as_are_allowed_can_be_written_and_read(loaded: Load) -> None:
    many = f"matrix:\n  training.batch_size: {list(range(2, 2 + MAX_COMBINATIONS // 2))}\n"
    many += "  penalties: {none: [], r1: [{name: r1, weight: 2}]}\n"
    result = loaded({"[0, 1]": "[0]"}, text=GOOD + many)
    assert len(result.cells) == MAX_COMBINATIONS
    assert loaded(text=to_yaml(result.experiment)).cells == result.cells
