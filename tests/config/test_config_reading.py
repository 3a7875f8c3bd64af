"""Strict YAML: what is read, as what, and what is refused with which line."""

import math
import time
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from harness.config.reading import MAX_BYTES, parse, read
from harness.config.tree import locate, plain
from harness.errors import ConfigError


def value_of(text: str) -> object:
    node = parse(text, file="x.yaml")
    assert node is not None
    return plain(node)


def refusal(text: str) -> str:
    began = time.process_time()
    with pytest.raises(ConfigError) as caught:
        parse(text, file="x.yaml")
    assert time.process_time() - began < 2  # a second on an idle machine
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    "text", ["no", "yes", "on", "off", "y", "12:30:00", "2024-01-01", "1_000", "0x1F", "=", "e5", "."]
)
def test_these_are_text(text: str) -> None:
    assert value_of(f"a: {text}") == {"a": text}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *[("1e-4", 1e-4), ("2.0e-4", 2e-4), (".5", 0.5), ("-1.", -1.0), ("1e3", 1000.0)],
        *[("12", 12), ("-7", -7), ("+3", 3), ("010", 10)],
        *[("true", True), ("TRUE", True), ("False", False), ("null", None), ("~", None), ("", None)],
        *[("'1'", "1"), ('"no"', "no"), (".inf", math.inf), ("-.INF", -math.inf)],
    ],
)
def test_scalars(text: str, value: object) -> None:
    result = value_of(f"a: {text}")
    assert result == {"a": value}
    assert type(result["a"]) is type(value)  # type: ignore[index]


def test_nan_is_read_as_a_float() -> None:
    assert math.isnan(value_of("a: .nan")["a"])  # type: ignore[index]


def test_every_value_knows_its_line() -> None:
    node = parse("# comment\na: 1\nb:\n  c:\n    - x\n    - y\n  d: {e: 2,\n    f: 3}\n", file="x.yaml")
    assert node is not None
    places = {
        (): 2,
        ("a",): 2,
        ("b",): 3,
        ("b", "c"): 4,
        ("b", "c", 1): 6,
        ("b", "d", "e"): 7,
        ("b", "d", "f"): 8,
    }
    for path, line in places.items():
        assert locate(node, path) == f"x.yaml:{line}"
    assert locate(node, ("b", "d", "nothing")) == "x.yaml:7"
    assert locate(node, ("b", "c", 9)) == "x.yaml:4"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", "x.yaml:3: duplicate key `a`: first on line 1, again on line 3"),
        ("a:\n  b: {c: 1, c: 2}\n", "x.yaml:2: duplicate key `c`"),
        ("a: !!python/object/apply:os.system ['true']\n", "x.yaml:1: tags are not allowed"),
        ("a: 1\nb: !foo x\n", "x.yaml:2: tags are not allowed: `!foo`"),
        ("a: !!str 1\n", "x.yaml:1: tags are not allowed"),
        ("a: ! 1\n", "x.yaml:1: tags are not allowed"),
        ("!!map {a: 1}\n", "x.yaml:1: tags are not allowed"),
        ("!!str a: 1\n", "x.yaml:1: tags are not allowed"),
        ("a: 1\n2: b\n", 'x.yaml:2: a key must be text; quote it: "2"'),
        ("true: b\n", 'x.yaml:1: a key must be text; quote it: "true"'),
        ("? [a, b]\n: c\n", "x.yaml:1: a key must be text"),
        ("a: &x {b: 1}\nc:\n  <<: *x\n", "x.yaml:3: merge keys `<<` are not supported"),
        ("a: 1\n\tb: 2\n", "x.yaml:2: not valid YAML: a tab; indent with spaces"),
        ("a: 1\nb: c: d\n", "x.yaml:2: not valid YAML: mapping values are not allowed here"),
        ("a: [1, 2\nb: 3\n", "x.yaml:2: not valid YAML"),
        ("a: 1\nb: *nowhere\n", "x.yaml:2: not valid YAML: found undefined alias"),
        ("a: 1\n---\nb: 2\n", "x.yaml:2: only one document is allowed"),
        ("a: 1\nb: \x00\n", "x.yaml:2: character U+0000 is not allowed"),
        ('a: "\\ud800"\n', "x.yaml:1: half of a surrogate pair"),
        ("%YAML 3.0\n---\na: 1\n", "x.yaml:1: not valid YAML"),
        ("a: 1" + "0" * 5000, "x.yaml:1: the number has 5001 digits"),
        ("a: &a [*a]\n", "x.yaml:1: aliases unfold"),
        ("a: &a [*a, *a]\n", "x.yaml:1: aliases unfold"),
    ],
)  # fmt: skip
def test_refused_with_its_line(text: str, message: str) -> None:
    assert refusal(text).startswith(message)


def test_a_quoted_merge_key_is_only_text() -> None:
    assert value_of('"<<": 1') == {"<<": 1}


def test_aliases_repeat_their_anchor() -> None:
    assert value_of("a: &x {b: [1]}\nc: *x\n") == {"a": {"b": [1]}, "c": {"b": [1]}}


def bomb() -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    return "\n".join(lines)


HOSTILE = {
    "billion laughs": bomb(),
    "open lists": "[" * 100_000,
    "open mappings": "{a: " * 50_000,
    "dashes": "- " * 100_000,
    "question marks": "? " * 100_000,
    "long list": "a: [" + "1," * 100_000 + "]",
    "many keys": "\n".join(f"k{i}: v" for i in range(40_000)),
    "indentation": "\n".join(" " * i + "a:" for i in range(600)),
    "just too deep": "[" * 60 + "]" * 60,
    "anchors": "&a " * 50_000,
    "aliases": "*a " * 50_000,
    "open quote": '"' + "a " * 100_000,
    "long block": "a: |\n" + " x\n" * 50_000 + "b",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_refused_quickly(text: str) -> None:
    assert refusal(text[:MAX_BYTES]).startswith("x.yaml:")


@pytest.mark.parametrize("filler", ["a", "#", "\n", "a ", "' ", '"', "\\", ": ", "é", "- a\n"])
def test_the_largest_file_takes_no_longer(filler: str, tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes((filler * MAX_BYTES).encode()[: MAX_BYTES - 1])
    began = time.process_time()
    try:
        read(path)
    except ConfigError as error:
        assert "\n" not in str(error)  # noqa: PT017
    assert time.process_time() - began < 2


class TestFiles:
    @pytest.fixture(autouse=True)
    def folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        Path("experiments").mkdir()
        Path("experiments/baseline.yaml").write_text("a: 1\n")

    def test_a_byte_order_mark_is_tolerated(self) -> None:
        Path("bom.yaml").write_bytes(b"\xef\xbb\xbfa: \xc3\xa9\r\nb: 2\r\n")
        node = read("bom.yaml")
        assert plain(node) == {"a": "é", "b": 2}
        assert locate(node, ["b"]) == "bom.yaml:2"

    @pytest.mark.parametrize(
        "asked", ["experiments/basline.yaml", "baseline", "experiments/baseline.yml", "basline.yaml"]
    )
    def test_a_missing_file_suggests_a_near_one(self, asked: str) -> None:
        with pytest.raises(ConfigError) as caught:
            read(asked)
        expected = f"no such experiment file `{asked}`; did you mean `experiments/baseline.yaml`?"
        assert str(caught.value) == expected

    def test_a_missing_file_with_nothing_near_lists_what_is_there(self) -> None:
        with pytest.raises(
            ConfigError, match=r"no such experiment file `zzz`; there are: experiments/baseline.yaml"
        ):
            read("zzz")

    def test_a_missing_file_among_none(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        Path("empty").mkdir()
        monkeypatch.chdir("empty")
        with pytest.raises(ConfigError, match=r"^no such experiment file `x.yaml`$"):
            read("x.yaml")

    @pytest.mark.parametrize(
        ("data", "message"),
        [
            (b"", "odd.yaml:1: the file is empty"),
            (b"# nothing\n", "odd.yaml:1: the file is empty"),
            (b"---\n", "odd.yaml:1: the file is empty"),
            (b"a: 1\nb: \xff\xfe\n", "odd.yaml:2: not UTF-8"),
            ("a: 1\n".encode("utf-16"), "odd.yaml:1: not UTF-8"),
            (b"a: \x00\n", "odd.yaml:1: character U+0000"),
            (b"a: " + b"x" * (1 << 20), "odd.yaml: larger than"),
        ],
    )
    def test_odd_files(self, data: bytes, message: str) -> None:
        Path("odd.yaml").write_bytes(data)
        with pytest.raises(ConfigError) as caught:
            read("odd.yaml")
        assert str(caught.value).startswith(message)

    @pytest.mark.parametrize("path", ["experiments", "a\0b", "x" * 5000, "", "/dev/zero"])
    def test_what_is_no_file(self, path: str) -> None:
        with pytest.raises(ConfigError) as caught:
            read(path)
        assert "\n" not in str(caught.value)


keys = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | keys
data = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4)
)


@given(data)
def test_what_pyyaml_writes_is_read_back(value: object) -> None:
    # PyYAML leaves unquoted what only YAML 1.2 takes for a number, so text is written quoted here.
    class Quoting(yaml.SafeDumper):
        pass

    Quoting.add_representer(
        str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')
    )
    Quoting.ignore_aliases = lambda self, data: True  # type: ignore[method-assign, assignment]
    text = yaml.dump(value, Dumper=Quoting)
    assert value_of(text) == value


@given(st.text())
def test_any_text_is_read_or_refused_in_one_line(text: str) -> None:
    try:
        parse(text, file="x.yaml")
    except ConfigError as error:
        assert "\n" not in str(error)  # noqa: PT017
