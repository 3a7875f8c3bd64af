"""An entry of a table and its options, as an experiment names it; and the names that are allowed in paths."""

from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    model_serializer,
    model_validator,
)
from pydantic_core import PydanticCustomError

from harness.config.tree import json_problems

STRICT = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

# One path segment on every file system: no separator, no `..`, no leading dot or dash.
SAFE_NAME = r"^[A-Za-z0-9_](\.?[A-Za-z0-9_-])*$"
Name = Annotated[str, Field(pattern=SAFE_NAME, min_length=1, max_length=80)]
MAX_VARIANT_NAME = 60
VariantName = Annotated[str, Field(pattern=SAFE_NAME, min_length=1, max_length=MAX_VARIANT_NAME)]


def plain_data(value: dict[str, Any]) -> dict[str, Any]:
    for path, problem in json_problems(value):
        raise PydanticCustomError("not_json", "{problem}", {"problem": problem, "path": path})
    return value


PlainData = Annotated[dict[str, Any], AfterValidator(plain_data)]


class Part(BaseModel):
    """An entry of a table and its options: `mlp`, or `{name: mlp, latent: {size: 64}}`."""

    model_config = STRICT

    name: str = Field(min_length=1, description="A name that `harness ls` lists, or `package.module:Name`.")
    options: PlainData = Field(default={}, description="The entry's own options; in the file beside `name`.")

    @model_validator(mode="before")
    @classmethod
    def _from_flat(cls, value: Any, info: ValidationInfo) -> Any:
        if isinstance(value, str):
            return {"name": value}
        if not isinstance(value, dict):
            raise PydanticCustomError("part_type", "must be a name, or a mapping with a `name`")
        if info.mode == "python" and "options" in value:  # Part(name=..., options=...) in code
            return value
        options = {key: option for key, option in value.items() if key != "name"}
        return {"options": options} | ({"name": value["name"]} if "name" in value else {})

    @model_serializer
    def _to_flat(self) -> dict[str, Any]:
        return {"name": self.name, **self.options}


def refuse_twice(key: str, parts: tuple[Part, ...]) -> None:
    seen: set[str] = set()
    for index, part in enumerate(parts):
        if part.name in seen:
            where = {"name": part.name, "path": (key, index)}
            raise PydanticCustomError("twice", "is `{name}` for the second time", where)
        seen.add(part.name)
