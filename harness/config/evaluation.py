"""How generated images are measured: the section of an experiment, and the protocols that have a name."""

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import BaseModel, Field, model_validator

from harness.config.parts import STRICT, Name, Part, refuse_twice

PROTOCOL_FIXES = ("features", "batch_size")
"""Keys of an evaluation that a named protocol decides."""


def _parts(*names: str) -> tuple[Part, ...]:
    return tuple(Part(name=name) for name in names)


class Evaluation(BaseModel):
    """What is measured, how often, and against what. Values are compared only where all of this is equal."""

    model_config = STRICT

    protocol: str | None = Field(
        default=None,
        min_length=1,
        description="A named protocol (`harness ls protocols`), a file of one, or `package.module:name`: "
        "decides `features` and `batch_size`, which then are not given.",
    )
    features: Part = Field(
        default=Part(name="classifier"), description="The extractor whose features the metrics read."
    )
    metrics: tuple[Part, ...] = Field(
        default=_parts("fid", "kid", "inception_score", "prdc", "criterion", "criterion_features"),
        min_length=1,
        description="What is computed from the features.",
    )
    num_samples: int = Field(default=10_000, ge=2, description="Generated images in an evaluation.")
    every: int | None = Field(
        default=None, ge=1, description="Steps between evaluations; null: only at the end."
    )
    batch_size: int = Field(
        default=500, ge=1, description="Images in one pass through the extractor; part of the protocol."
    )
    reference: Literal["train", "validation", "test"] = Field(
        default="train", description="The split of real images that generated ones are compared with."
    )
    diagnostics: tuple[Part, ...] = Field(
        default=(), description="What is observed of the two networks at every evaluation. Changes no metric."
    )

    @property
    def control(self) -> Literal["train", "validation", "test"]:
        """The split whose images stand in the place of generated ones for the floor.

        Never the test split while something is chosen on the validation one.
        """
        controls: Mapping[str, Literal["train", "validation", "test"]] = {
            "train": "test",
            "validation": "train",
            "test": "validation",
        }
        return controls[self.reference]

    @model_validator(mode="after")
    def _nothing_twice(self) -> Self:
        for key in ("metrics", "diagnostics"):
            refuse_twice(key, getattr(self, key))
        return self


class NamedProtocol(BaseModel):
    """How images become features, under a name and a version: frozen, so that two numbers called the same
    were measured the same. A change of what it says is a new version."""

    model_config = STRICT

    name: Name = Field(description="What results call it.")
    version: int = Field(ge=1, description="Raised with every change.")
    description: str = Field(default="", description="Whose protocol it is, and where it is described.")
    features: Part = Field(description="The extractor, its options and, where they are not shipped, weights.")
    batch_size: int = Field(ge=1, description="Images in one pass through the extractor.")
    metrics: tuple[Part, ...] = Field(
        default=_parts("fid", "kid", "inception_score", "prdc"),
        min_length=1,
        description="What `harness evaluate` computes unless it is told.",
    )

    @property
    def label(self) -> str:
        """Name and version, as in `ttur 1`."""
        return f"{self.name} {self.version}"
