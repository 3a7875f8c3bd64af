"""What the images install, out of pyproject.toml and constraints.txt: one file for each layer.

A layer is built anew only when its own file changes: PyTorch's, which is nearly all of the image, when
PyTorch does, and not when a linter's version does.
"""

import re
import tomllib
from pathlib import Path

OF_TORCH = re.compile(r"(torch|torchvision|triton|numpy|pillow)==|(nvidia|cuda)-")

project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
extras = project["optional-dependencies"]
pins = Path("constraints.txt").read_text().splitlines(keepends=True)

Path("torch.txt").write_text("".join(pin for pin in pins if OF_TORCH.match(pin)))
Path("harness.txt").write_text("\n".join(project["dependencies"] + extras["postgres"] + extras["gpu"]))
Path("mlflow.txt").write_text("\n".join(extras["server"]))
