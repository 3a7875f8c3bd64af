"""Strict YAML: a file becomes a tree, or is refused with the line and the reason.

What is refused here is what would otherwise change an experiment without anybody noticing: a key given twice,
a tag that builds an object, `no` that turns into false, a date, an anchor that unfolds into gigabytes.
"""

import difflib
import re
from pathlib import Path
from typing import Any, ClassVar

import yaml

from harness.config.tree import Node, Scalar
from harness.errors import ConfigError

MAX_BYTES = 256 * 1024  # with MAX_NODES: no file, however hostile, takes a second to refuse
MAX_NODES = 10_000
MAX_DEPTH = 50

_NULL, _BOOL, _INT, _FLOAT = (f"tag:yaml.org,2002:{kind}" for kind in ("null", "bool", "int", "float"))
_SURROGATE = re.compile("[\ud800-\udfff]")
# The core schema of YAML 1.2, with decimal integers only. PyYAML's own rules are those of 1.1, where `no` is
# false, `12:30:00` is 45000 and `1e-4` is a string.
_RULES = (
    (_NULL, r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    (_BOOL, r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    (_INT, r"[-+]?[0-9]+", list("-+0123456789")),
    (
        _FLOAT,
        r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        list("-+.0123456789"),
    ),
)


def read(path: str | Path) -> Node:
    """The one document of a YAML file. Raises ConfigError, one line with file and line."""
    text = _text(Path(path))
    node = parse(text, file=str(path))
    if node is None:
        raise ConfigError(f"{path}:1: the file is empty; an experiment needs at least a name and a dataset")
    return node


def parse(text: str, *, file: str = "", where: str | None = None) -> Node | None:
    """The one document in `text`, or None where there is none; every place is `where`, if that is given."""
    loader: _Loader | None = None
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
        if root is None or (root.tag == _NULL and root.value == ""):
            return None
        return _Unfolding(file, where).node(root)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise ConfigError(f"{_place(mark, file, where)}: {_problem(error)}") from error
    except yaml.reader.ReaderError as error:
        line = where or f"{file}:{text.count(chr(10), 0, error.position) + 1}"
        raise ConfigError(f"{line}: character U+{int(error.character):04X} is not allowed in YAML") from error
    finally:
        if loader is not None:
            loader.dispose()


class _Loader(yaml.SafeLoader):
    """Composes plain nodes only, and gives up on the first tag, the first excess and the first odd key."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}  # type: ignore[misc]  # not those of YAML 1.1

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.depth = 0
        self.count = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if getattr(event, "tag", None) is not None:
            raise _refusal(event.start_mark, f"tags are not allowed: `{_short(event.tag)}`")
        self.count += 1
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _refusal(event.start_mark, f"nested deeper than {MAX_DEPTH} levels")
        if self.count > MAX_NODES:
            raise _refusal(event.start_mark, f"more than {MAX_NODES} values")
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def add_core_schema(resolver: type[yaml.resolver.BaseResolver]) -> None:
    """Teaches a loader or a dumper which plain scalars are not text."""
    for tag, pattern, first in _RULES:
        resolver.add_implicit_resolver(tag, re.compile(rf"^(?:{pattern})$"), first)


add_core_schema(_Loader)


class _Unfolding:
    """Turns composed nodes into Nodes; counts again, because an alias repeats all that its anchor holds."""

    def __init__(self, file: str, where: str | None) -> None:
        self.file, self.where, self.count = file, where, 0

    def node(self, source: yaml.Node, line: int | None = None, depth: int = 1) -> Node:
        self.count += 1
        if self.count > MAX_NODES or depth > MAX_DEPTH:
            raise _refusal(source.start_mark, f"aliases unfold to more than {MAX_NODES} values or endlessly")
        value: Scalar | list[Node] | dict[str, Node]
        if isinstance(source, yaml.MappingNode):
            value = self.mapping(source, depth)
        elif isinstance(source, yaml.SequenceNode):
            value = [self.node(child, depth=depth + 1) for child in source.value]
        else:
            value = _scalar(source)
        text = source.value if isinstance(source, yaml.ScalarNode) else ""
        return Node(value, self.where or f"line {line or source.start_mark.line + 1}", self.file, text)

    def mapping(self, source: yaml.MappingNode, depth: int) -> dict[str, Node]:
        value: dict[str, Node] = {}
        lines: dict[str, int] = {}
        for key, child in source.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode) or not isinstance(_scalar(key), str):
                hint = f'; quote it: "{_short(key.value)}"' if isinstance(key, yaml.ScalarNode) else ""
                raise _refusal(key.start_mark, f"a key must be text{hint}")
            if key.value == "<<" and key.style is None:
                raise _refusal(key.start_mark, "merge keys `<<` are not supported; write the values out")
            if key.value in lines:
                first = "" if self.where else f": first on line {lines[key.value]}, again on line {line}"
                raise _refusal(key.start_mark, f"duplicate key `{_short(key.value)}`{first}")
            lines[key.value] = line
            value[key.value] = self.node(child, line, depth + 1)
        return value


def _scalar(source: yaml.Node) -> Scalar:
    text: str = source.value
    if source.tag == _NULL:
        return None
    if source.tag == _BOOL:
        return text.lower() == "true"
    if source.tag == _INT:
        try:
            return int(text)
        except ValueError as error:  # Python refuses to convert thousands of digits
            raise _refusal(source.start_mark, f"the number has {len(text)} digits") from error
    if source.tag == _FLOAT:
        return float(re.sub(r"\.(?=[in])", "", text.lower()))
    if _SURROGATE.search(text):
        raise _refusal(source.start_mark, "half of a surrogate pair is not a character")
    return text


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise ConfigError(f"no such experiment file `{path}`{_near(path)}") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"cannot read the experiment file {str(path)!r}: {reason}") from error
    if len(data) > MAX_BYTES:
        raise ConfigError(f"{path}: larger than {MAX_BYTES // 1024} KiB, which no experiment file needs")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}:{line}: not UTF-8 text; save the file as UTF-8") from error


def _near(path: Path) -> str:
    files = {
        file.name: file for folder in (Path("experiments"), path.parent) for file in folder.glob("*.yaml")
    }
    near = difflib.get_close_matches(path.with_suffix(".yaml").name, files, n=1) if path.name else []
    if near:
        return f"; did you mean `{files[near[0]]}`?"
    return f"; there are: {', '.join(str(files[name]) for name in sorted(files)[:8])}" if files else ""


def _refusal(mark: yaml.Mark, message: str) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=message, problem_mark=mark)


def _place(mark: yaml.Mark | None, file: str, where: str | None) -> str:
    return where or f"{file}:{mark.line + 1 if mark else 1}"


def _problem(error: yaml.MarkedYAMLError) -> str:
    problem = (error.problem or "").replace("\n", " ")
    if type(error) is yaml.MarkedYAMLError:  # one of ours
        return problem
    if "'\\t'" in problem:
        return "not valid YAML: a tab; indent with spaces"
    if "another document" in problem:
        return "only one document is allowed; remove the `---`"
    return f"not valid YAML: {problem}" + (f" ({error.context})" if error.context else "")


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:40]}..."
