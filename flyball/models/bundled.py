"""The models that come with flyball, as files of the package."""

from __future__ import annotations

from pathlib import Path

from flyball.errors import ModelError

FOLDER = Path(__file__).parent / "bundled"


def bundled_names() -> tuple[str, ...]:
    """Names of the models that this installation has, in alphabetical order."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.gguf")))


def bundled_path(name: str) -> Path:
    """Where the GGUF of the bundled model `name` lies. Raises `ModelError`."""
    path = FOLDER / f"{name}.gguf"
    if name not in bundled_names():
        known = ", ".join(bundled_names()) or "none"
        raise ModelError(f"no bundled model is called {name!r}; there are: {known}")
    return path
