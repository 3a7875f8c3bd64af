"""Which files stand behind a part of the user's own."""

import ast
import math
import statistics
import sys
from pathlib import Path
from types import ModuleType

import pytest

from harness.config import Cell, Part
from harness.origins import module_digest, source_digests


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def digest(root: Path, name: str) -> str:
    """Of the module as a fresh process would import it."""
    path = root.joinpath(*name.split("."))
    module = ModuleType(name)
    module.__file__ = str(path / "__init__.py" if path.is_dir() else path.with_suffix(".py"))
    return module_digest(module)


FILES = {
    "parts.py": "import os, torch\nfrom helper import a\nimport pack.inner as inner",
    "helper.py": "def a():\n    import lazily",
    "lazily.py": "import parts",
    "pack/__init__.py": "from . import sibling",
    "pack/inner.py": "from .deep.leaf import *",
    "pack/sibling.py": "from harness import evaluate",
    "pack/deep/__init__.py": "",
    "pack/deep/leaf.py": "from ..above import x",
    "pack/above.py": "(",
    "unrelated.py": "import parts",
    "pack/unrelated.py": "import parts",
    "harness.py": "",
    "os.txt": "",
}
REACHED = {name for name in FILES if "unrelated" not in name and name not in {"harness.py", "os.txt"}}


@pytest.mark.parametrize("file", FILES)
def test_a_file_counts_where_the_module_reaches_it(file: str, tmp_path: Path) -> None:
    write(tmp_path, FILES)
    before = digest(tmp_path, "parts")
    assert digest(tmp_path, "parts") == before
    write(tmp_path, {file: FILES[file] + "\n# changed"})
    assert (digest(tmp_path, "parts") != before) == (file in REACHED)


def test_a_folder_that_moves_changes_nothing_and_a_file_that_is_renamed_does(tmp_path: Path) -> None:
    write(tmp_path / "here", FILES)
    write(tmp_path / "there", FILES)
    write(tmp_path / "there", {"renamed.py": FILES["parts.py"]})
    assert digest(tmp_path / "here", "parts") == digest(tmp_path / "there", "parts")
    assert digest(tmp_path / "here", "parts") != digest(tmp_path / "there", "renamed")


def test_of_a_package_its_own_files_count_from_any_module_of_it(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    before = digest(tmp_path, "pack.inner")
    write(tmp_path, {"pack/sibling.py": "changed = 1"})  # run where pack is imported, so before pack.inner
    assert digest(tmp_path, "pack.inner") != before


@pytest.mark.parametrize("folder", ["site-packages", "dist-packages"])
def test_of_an_installed_package_others_beside_it_do_not_count(folder: str, tmp_path: Path) -> None:
    site = tmp_path / folder
    write(site, {"mine/__init__.py": "import other\nimport mine.inner", "mine/inner.py": "", "other.py": ""})
    before = digest(site, "mine")
    write(site, {"other.py": "changed = 1"})
    assert digest(site, "mine") == before
    write(site, {"mine/inner.py": "changed = 1"})
    assert digest(site, "mine") != before


def test_the_standard_library_is_not_followed() -> None:
    assert len({module_digest(module) for module in (ast, statistics, sys)}) == 3
    assert module_digest(math) == module_digest(math)


def test_only_parts_of_the_users_own_are_in_the_identity_of_a_cell(example_cell: Cell) -> None:
    assert source_digests(example_cell) == {}
    changed = example_cell.model_copy(
        update={
            "loss": Part(name="test_origins:some_loss"),
            "penalties": (Part(name="r1"), Part(name="test_origins:some_penalty")),
            "evaluation": example_cell.evaluation.model_copy(
                update={"metrics": (Part(name="fid"), Part(name="test_origins:some_metric"))}
            ),
        }
    )
    this = module_digest(sys.modules[__name__])
    names = ("some_loss", "some_penalty", "some_metric")
    assert source_digests(changed) == {f"test_origins:{name}": this for name in names}


def some_loss() -> None: ...
def some_penalty() -> None: ...
def some_metric() -> None: ...


@pytest.fixture
def example_cell(tiny: Path) -> Cell:
    from harness.catalog import TABLES
    from harness.config import load

    return load(tiny, (), TABLES).cells[0]
