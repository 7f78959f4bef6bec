"""Find the configuration files, and read each of them into tables."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import platformdirs
from pydantic import ValidationError

from flyball.config.parts import check_parts
from flyball.config.tables import Tables
from flyball.config.wording import first_problem
from flyball.errors import ConfigError

FILE_NAME = "flyball.toml"
PYPROJECT = "pyproject.toml"


def user_file() -> Path:
    """Say where the user's own configuration is, whether or not it exists."""
    return Path(platformdirs.user_config_dir("flyball", appauthor=False)) / FILE_NAME


def find_files(start: Path) -> tuple[Path, ...]:
    """List what holds configuration for work in `start`, nearest first.

    That is the project's, which is what stands in the nearest directory from `start`
    upwards that has a `flyball.toml` or a `pyproject.toml` with `[tool.flyball]` (in
    this order, where it has both), and then the user's. Raises `ConfigError`.
    """
    start = start.resolve()
    project: tuple[Path, ...] = ()
    for directory in (start, *start.parents):
        project = tuple(_held_in(directory))
        if project:
            break
    theirs = user_file()
    return (*project, theirs) if theirs.is_file() and theirs not in project else project


def read_tables(path: Path) -> Tables:
    """Read one file. Raises `ConfigError`, in one line that names the file and the key."""
    document = read_document(path)
    if path.name == PYPROJECT:
        document = document.get("tool", {}).get("flyball", {})
    try:
        tables = Tables.model_validate(document, context={"directory": path.parent.absolute()})
        check_parts(tables)
    except ValidationError as error:
        raise ConfigError(f"{path}: {first_problem(error)}") from error
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error
    return tables


def read_document(path: Path) -> dict[str, Any]:
    """Read `path` as TOML. Raises `ConfigError` with the line that is wrong."""
    try:
        # Notepad puts a byte order mark in front, which TOML does not allow.
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: no such file") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8 text") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: is not valid TOML: {error}") from error


def merge(tables: Mapping[str, Any], under: Mapping[str, Any]) -> dict[str, Any]:
    """Put what is set in `tables` on top of `under`, table by table and key by key.

    `[models.NAME]` and `[monitors.NAME]` are keys in this sense, and are taken whole: a
    gguf of one file and a server of another make no model.
    """
    merged = dict(under)
    for name, table in tables.items():
        merged[name] = {**under.get(name, {}), **table}
    return merged


def _held_in(directory: Path) -> Iterator[Path]:
    if (own := directory / FILE_NAME).is_file():
        yield own
    project = directory / PYPROJECT
    if project.is_file() and _mentions_us(project):
        yield project


def _mentions_us(pyproject: Path) -> bool:
    """Whether it has our table; one that is broken and not ours to judge has not."""
    try:
        if "flyball" not in pyproject.read_text(encoding="utf-8-sig"):
            return False
    except (OSError, UnicodeDecodeError):
        return False
    return "flyball" in read_document(pyproject).get("tool", {})
