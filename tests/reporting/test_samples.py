"""The committed samples are what the command makes, byte for byte."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from thermocline.reporting.samples import make_samples

SAMPLES = Path(__file__).parents[2] / "reports" / "sample"


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_samples_are_reproduced_byte_for_byte(tmp_path: Path) -> None:
    make_samples(tmp_path / "sample")
    made, kept = contents(tmp_path / "sample"), contents(SAMPLES)

    assert made.keys() == kept.keys()
    assert [name for name in made if not alike(name, made[name], kept[name])] == [], "run `make samples` and look"


def alike(name: str, made: bytes, kept: bytes) -> bool:
    """Equal bytes; for a picture a last bit that another processor rounds otherwise is no difference."""
    if made == kept or not name.endswith(".png"):
        return made == kept
    one, other = (np.asarray(Image.open(io.BytesIO(raw)).convert("RGB"), dtype=np.int16) for raw in (made, kept))
    return one.shape == other.shape and float(np.abs(one - other).mean()) < 0.01


def test_the_samples_are_complete_and_small() -> None:
    names = {path.name for path in SAMPLES.iterdir()}
    assert {
        f"{name}.{kind}" for name in ("access-patterns", "priority", "migration") for kind in ("html", "md")
    } <= names
    assert sum(len(content) for content in contents(SAMPLES).values()) < 1_000_000
