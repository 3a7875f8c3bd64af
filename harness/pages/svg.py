"""A figure's SVG file as a part of a page: nothing that runs or loads, identifiers and colours of the page.

An element or attribute that is not listed is left out, so a file from anywhere may be put in.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from harness.pages.colours import variable

SHAPES = """
svg g defs symbol use image path rect circle ellipse line polyline polygon text tspan clipPath mask marker
pattern linearGradient radialGradient stop
"""
DRAWING = """
id x y x1 y1 x2 y2 dx dy cx cy r rx ry width height viewBox d points transform style href clip-path clip-rule
mask fill fill-rule fill-opacity stroke stroke-width stroke-opacity stroke-dasharray stroke-dashoffset
stroke-linecap stroke-linejoin stroke-miterlimit opacity font-size font-family font-weight font-style
text-anchor offset stop-color stop-opacity gradientUnits gradientTransform spreadMethod clipPathUnits
maskUnits patternUnits patternTransform markerWidth markerHeight orient refX refY preserveAspectRatio
"""
ELEMENTS, ATTRIBUTES = frozenset(SHAPES.split()), frozenset(DRAWING.split())
ELSEWHERE = re.compile(r"url\(\s*['\"]?(?!#)|@import|expression\(|javascript:|\\", re.IGNORECASE)
INLINE = re.compile(r"data:image/(?:png|jpeg);base64,[A-Za-z0-9+/=\s]*")
COLOUR = re.compile(r"#[0-9a-fA-F]{6}\b")
DECIMALS = re.compile(r"(\d\.\d\d)\d+")


@dataclass(frozen=True)
class Vector:
    """`markup`: the element; `colours`: `#rrggbb` in the order they come, each to be declared by the page."""

    markup: str
    colours: tuple[str, ...]


def inlined(path: Path, prefix: str, words: str, *, caption: str = "") -> Vector | None:
    """The SVG at `path`, its identifiers beginning with `prefix`; None if it cannot be read as one.

    words: what is read out in its place; caption: identifier of what describes it, if there is one.
    """
    try:
        root = ElementTree.parse(path).getroot()  # noqa: S314  expat refuses what grows, and loads nothing
    except (OSError, ElementTree.ParseError, LookupError, ValueError):  # the last two: of its encoding
        return None
    if _local(root.tag) != "svg":
        return None
    for parent in list(root.iter()):
        for child in [child for child in parent if _local(child.tag) not in ELEMENTS]:
            parent.remove(child)
    colours: dict[str, None] = {}
    for element in root.iter():
        element.tag = _local(element.tag)
        kept = dict(_attributes(element, prefix))
        colours |= dict.fromkeys(found.lower() for found in COLOUR.findall(kept.get("style", "")))
        if "style" in kept:
            kept["style"] = COLOUR.sub(lambda found: f"var({variable(found[0].lower())})", kept["style"])
        element.attrib.clear()
        element.attrib.update(kept)
        if element.tag not in ("text", "tspan"):
            element.text = None
            for child in element:
                child.tail = None
    root.attrib.update({"role": "img", "aria-label": words})
    if caption:
        root.set("aria-describedby", caption)
    root.tail = None
    return Vector(ElementTree.tostring(root, encoding="unicode"), tuple(colours))


def _attributes(element: ElementTree.Element, prefix: str) -> Iterator[tuple[str, str]]:
    for name, value in element.attrib.items():
        key = _local(name)
        if key not in ATTRIBUTES or (key != "href" and ELSEWHERE.search(value)):
            continue
        if key == "id":
            yield key, prefix + value
        elif key == "href":
            if value.startswith("#"):
                yield key, f"#{prefix}{value[1:]}"
            elif INLINE.fullmatch(value):
                yield key, value
        elif key in ("d", "points"):
            yield key, " ".join(DECIMALS.sub(r"\1", value).split())  # hundredths of a point
        elif key == "transform" and value.startswith("rotate(-0 "):
            continue
        else:
            yield key, re.sub(r"url\(\s*(['\"]?)#", rf"url(\1#{prefix}", value)


def _local(tag: object) -> str:
    """Without its namespace; empty for what is no element."""
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""
