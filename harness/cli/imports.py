"""Where modules of a person's own are found."""

import sys
from pathlib import Path


def import_from(folder: Path) -> None:
    """Find modules of the user's in `folder`: last, so that no file there hides an installed package."""
    if (path := str(folder.absolute())) not in sys.path:
        sys.path.append(path)
