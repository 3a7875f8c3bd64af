"""Colours of figures on dark paper: as far from it as they were from white.

Contrast is that of WCAG 2.2, (Y₁ + 0.05) / (Y₂ + 0.05) of relative luminances in linear sRGB. Luminance is
linear in light, so a colour is mixed with white or black to exactly the contrast that is asked for.
"""

from collections.abc import Mapping, Sequence

from harness.figures import style

PAPER, INK = "#16181b", "#e6e7e9"
"""The page's own, in the dark."""

NAMED = {"#ffffff": "paper", style.BLACK.lower(): "ink"}
"""Colours that the page itself has."""

TEXT = 4.5
"""Least contrast of text by WCAG 1.4.3; labels of lines have their lines' colours."""

Channels = tuple[float, float, float]


def variable(colour: str) -> str:
    """The custom property for a colour `#rrggbb`."""
    return f"--{NAMED.get(colour, f'c{colour[1:]}')}"


def on_dark(colour: str) -> str:
    """The colour to draw with on dark paper instead of `colour`, which was meant for white."""
    if colour in KEPT:
        return KEPT[colour]
    asked = min(contrast(colour, "#ffffff"), contrast(INK, PAPER))
    return of_contrast(colour, asked)


def of_contrast(colour: str, asked: float) -> str:
    """The same hue with that contrast to dark paper, lighter or darker than it was."""
    channels = _linear(colour)
    now, wanted = _luminance(channels), asked * (_luminance(_linear(PAPER)) + 0.05) - 0.05
    if wanted > now:
        share = (wanted - now) / (1 - now)
        return _hex([value + share * (1 - value) for value in channels])
    return _hex([value * wanted / now for value in channels])


def contrast(one: str, other: str) -> float:
    """From 1, the same, to 21, black and white."""
    low, high = sorted(_luminance(_linear(colour)) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def declarations(colours: Sequence[str]) -> tuple[str, str]:
    """The custom properties of all `colours` on white paper and on dark paper, as CSS."""
    others = [colour for colour in dict.fromkeys(colours) if colour not in NAMED]
    light = "".join(f"{variable(colour)}:{colour};" for colour in others)
    return light, "".join(f"{variable(colour)}:{on_dark(colour)};" for colour in others)


def _linear(colour: str) -> Channels:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return _light(red), _light(green), _light(blue)


def _light(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)


def _luminance(channels: Channels) -> float:
    red, green, blue = channels
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _hex(channels: Sequence[float]) -> str:
    encoded = [
        value * 12.92 if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055 for value in channels
    ]
    return "#" + "".join(f"{round(255 * min(1.0, max(0.0, value))):02x}" for value in encoded)


def _palette() -> Mapping[str, str]:
    """Colours that tell things apart stay as bright as they are, and no darker than text may be."""
    colours = [colour.lower() for colour in style.CYCLE if colour != style.BLACK]
    return {
        colour: colour if contrast(colour, PAPER) >= TEXT else of_contrast(colour, TEXT + 0.5)
        for colour in colours
    }


KEPT = {
    **_palette(),
    style.BLUE.lower(): "#5299e0",
    # As far from dark paper as it was from white, thin lines would not be seen.
    style.FAINT.lower(): of_contrast(style.FAINT.lower(), 2.4),
}
