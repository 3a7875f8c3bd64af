"""An experiment file in a folder of its own."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from config_examples import GOOD, TABLES, Load

from harness.config import Loaded, load


@pytest.fixture
def loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Loads a text as `experiments/x.yaml`, parts of it replaced: loaded({"hinge": "hing"}, "seeds=0,1")."""
    monkeypatch.chdir(tmp_path)
    Path("experiments").mkdir()

    def run(changes: Mapping[str, str] | None = None, *overrides: str, text: str = GOOD) -> Loaded:
        for old, new in (changes or {}).items():
            assert old in text
            text = text.replace(old, new)
        Path("experiments/x.yaml").write_text(text, encoding="utf-8")
        return load("experiments/x.yaml", overrides, TABLES)

    return run
