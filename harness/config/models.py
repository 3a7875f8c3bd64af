"""The experiment file as frozen, strict models. The descriptions here are what `harness schema` teaches."""

import hashlib
import json
from collections.abc import Iterator
from itertools import chain, count, islice
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from harness.config.evaluation import Evaluation
from harness.config.gate import Gate
from harness.config.parts import STRICT, Name, Part, PlainData, VariantName, refuse_twice
from harness.config.search import Search, Seed, distinct

Fraction = Annotated[float, Field(ge=0, lt=1)]


class Training(BaseModel):
    """How the two networks are trained."""

    model_config = STRICT

    steps: int = Field(ge=1, description="Generator updates.")
    batch_size: int = Field(default=64, ge=2, description="Real images, and generated ones, in an update.")
    optimizer: Literal["adam", "sgd", "rmsprop"] = Field(default="adam", description="For both networks.")
    learning_rate: float = Field(
        default=2e-4,
        ge=0,
        description="Of the generator, and of the discriminator. 0, beside a `discriminator_learning_rate`, "
        "keeps the generator as it starts, to the bit.",
    )
    discriminator_learning_rate: float | None = Field(
        default=None, gt=0, description="Two time-scales: the discriminator's own rate; null for the same."
    )
    betas: tuple[Fraction, Fraction] = Field(default=(0.5, 0.999), description="Adam's decay rates.")
    momentum: Fraction = Field(default=0.0, description="Of sgd and rmsprop.")
    learning_rate_decay: float = Field(
        default=1.0, gt=0, le=1, description="Factor of both learning rates after each step."
    )
    lowest_learning_rate: float = Field(default=0.0, ge=0, description="Where their decay ends.")
    final_momentum: Fraction | None = Field(
        default=None, description="Of sgd: where its momentum has moved to, linearly, after `momentum_steps`."
    )
    momentum_steps: int | None = Field(default=None, ge=1, description="Steps until `final_momentum`.")
    discriminator_steps: int = Field(
        default=1, ge=1, description="Discriminator updates before each generator update."
    )
    simultaneous: bool = Field(
        default=False,
        description="Both gradients of a step from the same weights; false: the generator's from the updated "
        "discriminator's.",
    )
    packing: int = Field(
        default=1,
        ge=1,
        description="Images that the discriminator judges together, as one with so many times the channels "
        "(PacGAN, Lin et al. 2018); `batch_size` counts images, not packs.",
    )
    flip: bool = Field(
        default=False,
        description="Real images are mirrored at random, half of the time, where that is sound.",
    )
    ema: Fraction = Field(
        default=0.999,
        description="Decay of the moving average of the generator's weights, which is evaluated; 0: off.",
    )
    precision: Literal["fp32", "bf16"] = Field(
        default="fp32", description="bf16: autocast, weights stay in float32."
    )
    log_every: int = Field(default=100, ge=1, description="Steps between logged losses. Changes no result.")
    checkpoint_every: int = Field(
        default=1000, ge=1, description="Steps between checkpoints. Changes no result."
    )

    @model_validator(mode="after")
    def _something_learns(self) -> Self:
        if self.learning_rate == 0 and self.discriminator_learning_rate is None:
            needed = "must be above 0, or `discriminator_learning_rate` be given: as it is, nothing learns"
            raise PydanticCustomError("half", needed, {"path": ("learning_rate",)})
        return self

    @model_validator(mode="after")
    def _packs_are_whole(self) -> Self:
        if self.batch_size % self.packing:
            where = {"batch": self.batch_size, "path": ("packing",)}
            raise PydanticCustomError("pack", "must divide `batch_size`, which is {batch}", where)
        return self

    @model_validator(mode="after")
    def _momentum_moves_from_and_to(self) -> Self:
        if (self.final_momentum is None) != (self.momentum_steps is None):
            here, other = "final_momentum", "momentum_steps"
            if self.final_momentum is None:
                here, other = other, here
            raise PydanticCustomError("half", "needs {other} beside it", {"other": other, "path": (here,)})
        if self.final_momentum is not None and self.optimizer != "sgd":
            where = {"optimizer": self.optimizer, "path": ("final_momentum",)}
            raise PydanticCustomError("unused", "is for the optimizer sgd only, not for {optimizer}", where)
        return self


class Setup(BaseModel):
    """All that decides a result, but for the seed."""

    model_config = STRICT

    dataset: Part = Field(description="The data set to learn.")
    network: Part = Field(description="The family of generator and discriminator.")
    loss: Part = Field(description="The loss of both players.")
    penalties: tuple[Part, ...] = Field(default=(), description="Regularisers added to the loss.")
    augmentations: tuple[Part, ...] = Field(
        default=(), description="What is done to every image, real or generated, before it is judged."
    )
    training: Training = Field(description="Length, optimiser and precision of the training.")
    evaluation: Evaluation = Field(default=Evaluation(), description="What is measured, and how often.")


def _name_or_mapping(value: Any) -> Any:
    if not isinstance(value, str | dict):
        raise PydanticCustomError("space_type", "must be the name of a preset, or a mapping")
    return value


class Experiment(Setup):
    """One experiment file: a base, the seeds it is repeated with, and the variants to compare."""

    name: Name = Field(description="Names the run folder and the MLflow experiment.")
    description: str = Field(default="", description="What the experiment is meant to show.")
    seeds: Annotated[tuple[Seed, ...], AfterValidator(distinct)] = Field(
        min_length=1, description="One training for each seed; statistics are taken over them."
    )
    variants: dict[VariantName, PlainData] = Field(
        default={},
        description="Named changes of the base, which a report compares; keys may be dotted "
        "(`training.learning_rate: 1e-3`). `{}` is the base as it stands. "
        "Without variants there is one, `base`.",
    )
    figures: tuple[Part, ...] = Field(
        default=(), description="What is drawn from the results once they stand. Changes no result."
    )

    mixed_protocols: bool = Field(
        default=False,
        description="Whether variants may be measured under different protocols: their values are then "
        "marked, and not to be compared. Changes no result.",
    )
    search_space: Annotated[str | PlainData, BeforeValidator(_name_or_mapping)] = Field(
        default={},
        description="What `harness sweep` searches, by key: `training.learning_rate: {log_uniform: [1e-5, "
        "1e-2]}`; or the name of a preset (`harness ls spaces`), or `{preset: name}` with own keys beside. "
        "Changes no result.",
    )
    search: Search = Field(
        default=Search(),
        description="What a sweep looks for in the search space, with what, and how long. Changes no result.",
    )
    gate: Gate = Field(
        default=Gate(),
        description="When `harness check` calls a change a regression. Changes no result.",
    )

    @property
    def trial_seeds(self) -> tuple[int, ...]:
        """The seeds of every trial of a sweep."""
        return self.search.seeds or self.seeds[:1]

    @property
    def gate_seeds(self) -> tuple[int, ...]:
        """The seeds of the gate's last look: the experiment's, then the next integers that are none."""
        others = (seed for seed in count() if seed not in self.seeds)
        return tuple(islice(chain(self.seeds, others), self.gate.looks[-1]))

    @model_validator(mode="after")
    def _no_figure_twice(self) -> Self:
        refuse_twice("figures", self.figures)
        return self


class ExperimentFile(Experiment):
    """An experiment as it may be written: with the shorthand that `load` unfolds into variants."""

    matrix: dict[str, list[Any] | dict[str, Any]] = Field(
        default={},
        description="Every combination of these values is a variant, named by their labels, joined by `-`. "
        "An axis is a key (`loss`, `training.learning_rate`) with a list of values, or a mapping from label "
        "to value; a number's label in a list is like `learning_rate_1e-3`. `variants` beside it adds "
        "others, changes combinations, and leaves out those with null.",
    )


OF_THE_EXPERIMENT = frozenset(ExperimentFile.model_fields) - frozenset(Setup.model_fields)
"""Keys of a file that no variant can change."""


class Cell(Setup):
    """One variant and one seed, fully resolved: one training."""

    experiment: Name = Field(description="The experiment's name.")
    variant: VariantName = Field(description="The variant's name.")
    seed: Seed = Field(description="What all randomness of the training derives from.")

    @classmethod
    def of(cls, setup: Setup, *, experiment: str, variant: str, seed: int) -> Self:
        """`setup` trained with one seed."""
        parts = {field: getattr(setup, field) for field in Setup.model_fields}
        return cls(experiment=experiment, variant=variant, seed=seed, **parts)

    @property
    def config_hash(self) -> str:
        """SHA-256 over all that decides the result, but for the seed: not over labels, nor over how often a
        training logs and saves, so that a change of those does not orphan the checkpoints of a run."""
        data = self.model_dump(mode="json", exclude={"experiment", "variant", "seed"})
        for key in ("log_every", "checkpoint_every"):
            del data["training"][key]
        del data["evaluation"]["protocol"]  # what it decides stands beside it
        text = json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def flat(self) -> dict[str, str | int | float | bool | None]:
        """Every value under its dotted path, for MLflow's parameters; a list of scalars is one text."""
        return dict(flat(self.model_dump(mode="json")))


def flat(value: Any, path: str = "") -> Iterator[tuple[str, str | int | float | bool | None]]:
    if isinstance(value, list) and not any(isinstance(item, dict | list) for item in value):
        yield path, f"[{', '.join(str(item) for item in value)}]"
    elif isinstance(value, dict | list) and value:
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for key, child in pairs:
            yield from flat(child, f"{path}.{key}" if path else str(key))
    else:
        yield path, "{}" if value == {} else value
