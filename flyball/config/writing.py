"""Write models into `flyball.toml`, leaving everything else in it as it stands."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import tomlkit
from pydantic import ValidationError
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Table as TomlTable

from flyball.config.files import FILE_NAME, find_files, user_file
from flyball.config.tables import ModelTable
from flyball.config.wording import first_problem
from flyball.errors import ConfigError
from flyball.models.specs import BUNDLED

Settings = Mapping[str, str | int | float | bool]


def project_file(start: Path) -> Path:
    """Say which `flyball.toml` work in `start` should write to, whether or not it exists.

    It is beside the configuration that holds there already, because a new file further
    down would hide it.
    """
    theirs = [path for path in find_files(start) if path != user_file()]
    return (theirs[0].parent if theirs else start) / FILE_NAME


def add_model(path: Path, name: str, settings: Settings) -> None:
    """Add `[models.NAME]` to the file at `path`, which is made where there is none.

    Raises `ConfigError` for settings that no model can have, a name that is taken, and a
    file that is not TOML or cannot be written.
    """
    check_settings(name, settings, path.parent)
    document = _read(path)
    models = document.setdefault("models", tomlkit.table(is_super_table=True))
    if not isinstance(models, TomlTable):
        raise ConfigError(f"{path}: models must be a table")
    if name in models:
        raise ConfigError(
            f"{path}: there is a model called {name!r} already; "
            f"choose another name, or edit [models.{name}]"
        )
    table = tomlkit.table()
    table.update(settings)
    models.append(name, table)
    _write(path, tomlkit.dumps(document))


def check_settings(name: str, settings: Settings, directory: Path) -> None:
    """Raise `ConfigError` unless a model can have this name and these settings."""
    if not name.strip() or name.startswith(f"{BUNDLED}/"):
        raise ConfigError(f"a model cannot be called {name!r}; choose another name")
    try:
        ModelTable.model_validate(dict(settings), context={"directory": directory})
    except ValidationError as error:
        raise ConfigError(f"model {name!r}: {first_problem(error)}") from error


def _read(path: Path) -> tomlkit.TOMLDocument:
    try:
        return tomlkit.parse(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return tomlkit.document()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from error
    except TOMLKitError as error:
        raise ConfigError(f"{path}: is not valid TOML: {error}") from error


def _write(path: Path, text: str) -> None:
    path = path.resolve()
    fresh = path.with_name(f"{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(text, encoding="utf-8")
        # A full disk or a kill then leaves the old file as it was.
        fresh.replace(path)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from error
