"""How the search space of an experiment is searched: the section `search` of a file."""

from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from harness.config.parts import STRICT, Part

Seed = Annotated[int, Field(ge=0, lt=2**31)]
Key = Annotated[str, Field(min_length=1)]
Keys = Annotated[list[Key], Field(min_length=1)]


def distinct(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """`values`, where none is there twice."""
    seen: set[Any] = set()
    for index, value in enumerate(values):
        if value in seen:
            raise PydanticCustomError(
                "twice", "is {name} for the second time", {"name": value, "path": (index,)}
            )
        seen.add(value)
    return values


def _one_or_more(value: Any) -> Any:
    return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value


def _pruner(value: Any, info: ValidationInfo) -> Any:
    if value is None:
        return "median" if len(info.data.get("objective", ())) <= 1 else "none"
    return value


class Search(BaseModel):
    """What a sweep minimises or maximises, with what, and for how long."""

    model_config = STRICT

    objective: Annotated[
        tuple[Key, ...],
        AfterValidator(distinct),
        Field(min_length=1),  # of a list whose items are right
        BeforeValidator(_one_or_more, json_schema_input_type=Key | Keys),
    ] = Field(
        default=("fid",),
        description="A value of the evaluation, or `seconds` of training and evaluation; several of them are "
        "searched for the best compromises (Pareto).",
    )
    seeds: Annotated[tuple[Seed, ...], Field(min_length=1), AfterValidator(distinct)] | None = Field(
        default=None,
        description="Every trial is trained with each of them, and its value is their mean; null: with the "
        "first of the experiment's.",
    )
    num_samples: int = Field(
        default=2000, ge=2, description="Generated images in an evaluation of a trial: a cheap one will do."
    )
    every: int | None = Field(
        default=None,
        ge=1,
        description="Steps between the evaluations that a pruner sees; null: an eighth of the training.",
    )
    sampler: Part = Field(default=Part(name="tpe"), description="What proposes the next point.")
    pruner: Annotated[Part, BeforeValidator(_pruner, json_schema_input_type=Part | None)] = Field(
        default=None,
        validate_default=True,
        description="What ends a trial early that falls behind; null: `median` with one objective, `none` "
        "with several, which no pruner can judge.",
    )
    trials: int = Field(default=50, ge=1, description="How many in all, with those of earlier commands.")
    seconds: float | None = Field(
        default=None, gt=0, description="After which no trial is started; null: no limit."
    )
    patience: int | None = Field(
        default=None,
        ge=1,
        description="Finished trials without a new best after which the search ends; null: never.",
    )
    final_seeds: int = Field(
        default=5,
        ge=1,
        description="Fresh seeds with which the best configuration and the unchanged one are trained at the "
        "end, and compared on the test split.",
    )
    seed: int = Field(default=0, ge=0, lt=2**31, description="Of the sampler.")

    @model_validator(mode="after")
    def _several_objectives_are_not_pruned(self) -> Self:
        if len(self.objective) > 1 and self.pruner.name != "none":
            needed = "must be none with several objectives: no pruner judges by more than one; leave it out"
            raise PydanticCustomError("unused", needed, {"path": ("pruner",)})
        return self
