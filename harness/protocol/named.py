"""The protocols that have a name. Each is a function without parameters, as a user's own may be."""

from collections.abc import Callable

from harness.config import NamedProtocol, Part, load_protocol
from harness.registry import Registry

Named = Callable[[], NamedProtocol]


def digits() -> NamedProtocol:
    """Features of the shipped classifier of scikit-learn's digits, for 8×8 grey images."""
    return NamedProtocol(name="digits", version=1, features=_classifier("digits"), batch_size=500)


def mnist() -> NamedProtocol:
    """Features of the shipped classifier of MNIST, for 28×28 grey images."""
    return NamedProtocol(name="mnist", version=1, features=_classifier("mnist"), batch_size=500)


def ttur() -> NamedProtocol:
    """TensorFlow's Inception v3 with its own bilinear resize, 2048-d pool3 (Heusel et al. 2017, FID)."""
    return _inception("ttur", "tensorflow")


def clean() -> NamedProtocol:
    """The same network behind a bicubic resize with antialiasing (Parmar et al. 2022, clean-fid)."""
    return _inception("clean", "clean")


def pixels() -> NamedProtocol:
    """Pixels themselves, from 0 to 1, in the place of features."""
    return _without_classes("pixels")


def coordinates() -> NamedProtocol:
    """Coordinates of points, for data sets that are densities in a few dimensions."""
    return _without_classes("coordinates")


def _classifier(domain: str) -> Part:
    return Part(name="classifier", options={"domain": domain})


def _inception(name: str, resize: str) -> NamedProtocol:
    features = Part(name="inception", options={"resize": resize})
    return NamedProtocol(name=name, version=1, features=features, batch_size=50)


def _without_classes(extractor: str) -> NamedProtocol:
    metrics = tuple(Part(name=name) for name in ("fid", "kid", "prdc"))
    features = Part(name=extractor)
    return NamedProtocol(name=extractor, version=1, features=features, batch_size=500, metrics=metrics)


class Protocols(Registry[Named]):
    """The table; a name that ends in .yaml or .yml is a file with a protocol of the user's own."""

    def resolve(self, name: str) -> Named:
        if name.endswith((".yaml", ".yml")):
            return lambda: load_protocol(name)
        return super().resolve(name)


PROTOCOLS = Protocols(
    "protocol",
    "harness.protocols",
    digits=digits,
    mnist=mnist,
    ttur=ttur,
    clean=clean,
    pixels=pixels,
    coordinates=coordinates,
)
"""Ways to turn images into features that a number can be said to follow."""
