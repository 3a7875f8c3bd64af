"""Options come from signatures, names from tables."""

from typing import Annotated, Literal

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


def test_description_is_the_first_line() -> None:
    assert describe(entry) == "An entry for tests."


def test_unknown_names_come_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="unknown loss `hinje`; did you mean `hinge`"):
        LOSSES.resolve("hinje")
    with pytest.raises(UnknownNameError, match="known: hinge, least_squares, minimax"):
        LOSSES.resolve("zzz")


def test_a_module_path_is_imported() -> None:
    table: Registry[object] = Registry("thing", "harness.things")
    assert table.resolve("math:pi") == pytest.approx(3.14159, abs=1e-5)
    with pytest.raises(UnknownNameError, match="cannot import thing `math:tau_of`"):
        table.resolve("math:tau_of")
    with pytest.raises(UnknownNameError, match="cannot import thing `no_such_module:x`"):
        table.resolve("no_such_module:x")
