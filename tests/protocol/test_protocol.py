"""Fingerprints: what they cover, what they leave out; protocols with a name, and those of a user."""

from dataclasses import asdict, replace
from pathlib import Path

import pytest

from harness.config import NamedProtocol
from harness.errors import ComparisonError, ConfigError, UnknownNameError
from harness.features import EXTRACTORS, Extractor
from harness.features.pixels import pixels
from harness.options import keyword_arguments
from harness.protocol import PROTOCOLS, Protocol, RealImages, differences, protocol_of, refuse_mixed
from harness.protocol.fingerprint import LABELS


def made(extractor: Extractor | None = None, title: str = "digits, train split") -> Protocol:
    return protocol_of(
        name="pixels 1",
        extractor=extractor or pixels("digits", (1, 8, 8)),
        reference=RealImages(title, 1000, "a" * 64),
        held_out=RealImages("digits, test split", 500, "b" * 64),
        levels=17,
        num_samples=300,
        batch_size=500,
        metric_options={"prdc": {"neighbours": 3}},
    )


@pytest.mark.parametrize("field", sorted(set(asdict(made())) - LABELS))
def test_everything_a_number_depends_on_is_in_the_fingerprint(field: str) -> None:
    value = getattr(made(), field)
    other = replace(made(), **{field: value + 1 if isinstance(value, int) else f"{value}x"})
    assert other.fingerprint != made().fingerprint
    assert list(differences(made(), other)) == [field]
    assert made().fingerprint == made().fingerprint


@pytest.mark.parametrize("field", sorted(LABELS))
def test_what_things_are_called_is_not(field: str) -> None:
    other = replace(made(), **{field: "otherwise"})
    assert other.fingerprint == made().fingerprint
    assert differences(made(), other) == {}


def test_the_same_images_from_elsewhere_have_the_same_fingerprint() -> None:
    assert made(title="folder faces").fingerprint == made().fingerprint


def test_mixed_protocols_are_refused_with_what_differs_and_the_way_out() -> None:
    refuse_mixed([made(), made(title="folder faces")], "no way out needed")
    other = replace(made(), num_samples=299, extractor_digest="c" * 64)
    with pytest.raises(ComparisonError) as caught:
        refuse_mixed([made(), made(), other], "measure alike")
    message = str(caught.value)
    assert "num_samples: 300 and 299" in message
    assert "extractor_digest" in message
    assert message.endswith("measure alike")
    assert "\n" not in message


def test_the_sentence_names_network_images_counts_and_fingerprint() -> None:
    sentence = made().sentence()
    assert sentence.startswith(
        "protocol pixels 1: pixels, 1,000 images of digits, train split, 300 samples, "
    )
    assert sentence.endswith(made().fingerprint[:8])


@pytest.mark.parametrize("name", list(PROTOCOLS))
def test_every_named_protocol_names_an_extractor_with_options_it_takes(name: str) -> None:
    named = PROTOCOLS[name]()
    assert isinstance(named, NamedProtocol)
    assert named.name == name
    entry = EXTRACTORS[named.features.name]
    keyword_arguments(entry, named.features.options)


def test_a_protocol_of_ones_own_is_a_yaml_file(tmp_path: Path) -> None:
    file = tmp_path / "faces.yaml"
    file.write_text("name: faces\nversion: 2\nfeatures: {name: inception, resize: clean}\nbatch_size: 32\n")
    named = PROTOCOLS.resolve(str(file))()
    assert (named.label, named.batch_size, named.features.options) == ("faces 2", 32, {"resize": "clean"})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: faces\nversion: 1\nfeatures: pixels\n", "missing key `batch_size`"),
        ("name: faces\nversion: 0\nfeatures: pixels\nbatch_size: 1\n", "version must be at least 1"),
        ("name: faces\nversion: 1\nfeature: pixels\nbatch_size: 1\n", "did you mean `features`"),
        ("- 1\n", "a protocol file is a mapping"),
    ],
)
def test_a_protocol_file_with_a_mistake_says_where(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "faces.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=r"faces\.yaml") as caught:
        PROTOCOLS.resolve(str(file))()
    assert message in str(caught.value)


def test_an_unknown_protocol_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean `ttur`"):
        PROTOCOLS.resolve("tturr")
