"""Feature extractors: functions from a data set's name and shape to an `Extractor`."""

from harness.features.classifier import classifier
from harness.features.coordinates import coordinates
from harness.features.extractor import Extractor, extract
from harness.features.inception import inception
from harness.features.pixels import pixels
from harness.features.stacked import stacked_classifier
from harness.registry import Registry

__all__ = ["EXTRACTORS", "Extractor", "extract"]

EXTRACTORS = Registry(
    "extractor",
    "harness.extractors",
    classifier=classifier,
    stacked_classifier=stacked_classifier,
    inception=inception,
    pixels=pixels,
    coordinates=coordinates,
)
