"""Options come from signatures, names from tables."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field, ValidationError

from harness.errors import UnknownNameError
from harness.losses import LOSSES
from harness.networks import Latent
from harness.options import describe, keyword_arguments, options_model
from harness.registry import Registry


def entry(
    shape: tuple[int, int],
    *,
    weight: Annotated[float, Field(gt=0)] = 1.0,
    kind: Literal["a", "b"] = "a",
    latent: Latent = Latent(),  # noqa: B008 - frozen
    widths: tuple[int, ...] = (1, 2),
) -> object:
    """An entry for tests.

    Not part of the description.
    """
    return shape, weight, kind, latent, widths


def test_only_keyword_only_parameters_are_options() -> None:
    assert list(options_model(entry).model_fields) == ["weight", "kind", "latent", "widths"]


def test_defaults_are_filled_in_and_values_typed() -> None:
    arguments = keyword_arguments(entry, {"weight": 2, "latent": {"size": 5}, "widths": [3]})
    assert arguments == {"weight": 2.0, "kind": "a", "latent": Latent(size=5), "widths": (3,)}


@pytest.mark.parametrize(
    "options",
    [{"wieght": 1}, {"weight": 0}, {"weight": "1"}, {"weight": True}, {"kind": "c"}, {"latent": {"sise": 1}}],
)
def test_what_the_signature_does_not_say_is_refused(options: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        keyword_arguments(entry, options)


class Built:
    """A class as an entry; the annotations of its attributes are not its options'."""

    weight: str
    shape: int

    def __init__(
        self, shape: tuple[int, int], *, weight: Annotated[float, Field(gt=0)] = 1.0, steps: int = 3
    ) -> None:
        self.made = (shape, weight, steps)


class Inheriting(Built):
    """Its parent's options are its own."""


class FromNew:
    """A class that is built by `__new__`."""

    def __new__(cls, *, weight: Annotated[float, Field(gt=0)] = 1.0, steps: int = 3) -> "FromNew":
        return super().__new__(cls)


@dataclass(frozen=True, kw_only=True)
class Keywords:
    """A dataclass whose fields are options."""

    weight: Annotated[float, Field(gt=0)] = 1.0
    steps: int = 3


class Calling:
    """A callable object."""

    weight: str

    def __call__(self, *, weight: Annotated[float, Field(gt=0)] = 1.0, steps: int = 3) -> object:
        return weight, steps

    def method(self, *, weight: Annotated[float, Field(gt=0)] = 1.0, steps: int = 3) -> object:
        return weight, steps


CALLABLES = {
    "class": Built,
    "inheriting": Inheriting,
    "new": FromNew,
    "dataclass": Keywords,
    "object": Calling(),
    "method": Calling().method,
    "partial": partial(Calling(), steps=3),
    "partial of a class": partial(partial(Built, (1, 2)), steps=3),
}


@pytest.mark.parametrize("entry", CALLABLES.values(), ids=CALLABLES)
def test_whatever_can_be_called_has_the_options_of_its_call(entry: Callable[..., object]) -> None:
    assert keyword_arguments(entry, {"weight": 2}) == {"weight": 2.0, "steps": 3}
    for wrong in ({"weight": 0}, {"weight": "1"}, {"steps": 1.5}, {"shape": 1}):
        with pytest.raises(ValidationError):
            keyword_arguments(entry, wrong)


def test_a_partial_changes_a_default() -> None:
    assert keyword_arguments(partial(entry, weight=5.0, kind="b"), {"widths": [9]}) == {
        "weight": 5.0,
        "kind": "b",
        "latent": Latent(),
        "widths": (9,),
    }


def test_description_is_the_first_line() -> None:
    assert describe(entry) == "An entry for tests."


def test_unknown_names_come_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="unknown loss `hinje`; did you mean `hinge`"):
        LOSSES.resolve("hinje")
    with pytest.raises(UnknownNameError, match=r"known: .*hinge, least_squares, minimax"):
        LOSSES.resolve("zzz")


THINGS: Registry[Any] = Registry("thing", "harness.things", known=entry)


def test_a_module_path_is_imported() -> None:
    assert THINGS.resolve("math:pi") == pytest.approx(3.14159, abs=1e-5)
    assert THINGS.resolve("test_options:Calling.method") is Calling.method


REFUSED = {
    "no_such_module:x": "there is no module `no_such_module`: install it, name its folder in PYTHONPATH",
    "json.no_such_module:x": "there is no module `json.no_such_module`: ",
    "math.sub:x": "there is no module `math.sub`: ",
    "test_options:Calling.__cal": "module `test_options` has no `Calling.__cal`",
    "test_options:Bilt": "module `test_options` has no `Bilt`; did you mean `Built`?",
    "with_nothing:x": "module `with_nothing` has no `x`",
    "lacking:x": "module `lacking` fails with ModuleNotFoundError: No module named 'no_such_module'",
    "lacking.sub:x": "module `lacking.sub` fails with ModuleNotFoundError: No module named 'no_such_module'",
    "dividing:x": "module `dividing` fails with ZeroDivisionError: division by zero",
    "open:x": "module `open` fails with SyntaxError: '(' was never closed (open.py, line 1)",
    "leaving:x": "module `leaving` fails with SystemExit: 3",
}
MODULES = {
    "with_nothing.py": "",
    "lacking/__init__.py": "import no_such_module",
    "lacking/sub.py": "",
    "dividing.py": "1 / 0",
    "open.py": "(",
    "leaving.py": "raise SystemExit(3)",
}


@pytest.mark.parametrize(("name", "reason"), REFUSED.items(), ids=REFUSED)
def test_what_cannot_be_imported_is_one_line_that_says_why(
    name: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file, text in MODULES.items():
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    for look in (THINGS.resolve, THINGS.module_of):
        with pytest.raises(UnknownNameError) as caught:
            look(name)
        assert reason in str(caught.value)
        assert f"cannot import thing `{name}`: " in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", [":", "math:", ":pi"])
def test_half_a_module_path_is_refused(name: str) -> None:
    with pytest.raises(UnknownNameError, match=f"^thing `{name}` should be `package.module:Name`$"):
        THINGS.resolve(name)


def test_an_entry_point_is_known_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    offered = EntryPoints([EntryPoint("circle", "math:pi", "harness.things")])
    monkeypatch.setattr("harness.registry.entry_points", lambda group: offered.select(group=group))
    assert THINGS.resolve("circle") == pytest.approx(3.14159, abs=1e-5)
    assert THINGS.module_of("circle").__name__ == "math"
    with pytest.raises(UnknownNameError, match="unknown thing `circel`; did you mean `circle`"):
        THINGS.resolve("circel")


def test_entries_of_the_table_have_no_module_of_the_user() -> None:
    assert THINGS.module_of("known") is None
    assert THINGS.module_of("math:pi").__name__ == "math"
