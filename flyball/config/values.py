"""What the values of a table are taken for, and what it refuses."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, model_validator

from flyball.config.wording import nearest
from flyball.models.specs import BUNDLED


def _path(value: object, info: ValidationInfo) -> object:
    """Take a relative path from the directory of the file that it stands in."""
    if not isinstance(value, str):
        return value
    directory = (info.context or {}).get("directory", Path())
    return Path(directory) / Path(value).expanduser()


def _program(value: object, info: ValidationInfo) -> object:
    """Look a bare name up on the PATH; take anything else as a path."""
    found = shutil.which(value) if isinstance(value, str) and Path(value).name == value else None
    return Path(found) if found else _path(value, info)


def _gguf(value: object, info: ValidationInfo) -> object:
    """Leave the name of a bundled model as it is."""
    if isinstance(value, str) and value.startswith(f"{BUNDLED}/"):
        return Path(value)
    return _path(value, info)


FilePath = Annotated[Path, BeforeValidator(_path)]
GgufPath = Annotated[Path, BeforeValidator(_gguf)]
ProgramPath = Annotated[Path, BeforeValidator(_program)]
Names = Annotated[tuple[str, ...], Field(strict=False)]


class Table(BaseModel):
    """A table that refuses keys it does not know and types that are not the key's own."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, protected_namespaces=())

    @model_validator(mode="before")
    @classmethod
    def _only_known_keys(cls, values: Any) -> Any:
        for key in values if isinstance(values, dict) else ():
            if key not in cls.model_fields:
                raise ValueError(f"no key is called {key!r}; {nearest(key, cls.model_fields)}")
        return values
