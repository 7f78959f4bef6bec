"""Build the parts that a configuration names, with the settings that it gives them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from pydantic import PydanticUndefinedAnnotation, PydanticUserError, TypeAdapter, ValidationError

from flyball import plugins
from flyball.config.tables import Tables
from flyball.config.wording import first_problem, nearest
from flyball.errors import ConfigError, PluginError
from flyball.roles import Monitor

VERIFIERS = ("strong", "checker", "tests", "none")


def build_monitor(name: str, settings: Mapping[str, Any]) -> Monitor:
    """Make the monitor whose entry point is `name`.

    Settings are checked against the types of the monitor's own fields. Raises
    `ConfigError` for a name, a setting or a value that will not do, `PluginError` for
    a monitor that cannot be imported.
    """
    check_name(name)
    kind = plugins.load("monitors", name)
    try:
        return _build(kind, settings)
    except ValidationError as error:
        raise ConfigError(f"monitors.{name}: {first_problem(error)}") from error
    except (TypeError, ValueError) as error:
        raise ConfigError(f"monitors.{name}: {error}") from error
    except (PydanticUserError, PydanticUndefinedAnnotation) as error:
        raise PluginError(f"cannot read the settings of the monitor {name!r}: {error}") from error


def check_name(name: str) -> None:
    """Raise `ConfigError` unless a monitor called `name` is installed."""
    installed = plugins.names("monitors")
    if name not in installed:
        raise ConfigError(f"no monitor is called {name!r}; {nearest(name, installed)}")


def check_parts(tables: Tables) -> None:
    """Raise `ConfigError` for a part that `tables` names and that is not there, or not built."""
    check_monitors(tables)
    verifiers = [*VERIFIERS, *plugins.names("verifiers")]
    if (wanted := tables.governor.verifier) not in verifiers:
        raise ConfigError(f"no verifier is called {wanted!r}; {nearest(wanted, verifiers)}")
    for name in tables.run.tools:
        if name not in (tools := plugins.names("tools")):
            raise ConfigError(f"no tool is called {name!r}; {nearest(name, tools)}")


def check_monitors(tables: Tables) -> None:
    """Raise `ConfigError` for a monitor that `tables` names and that cannot be built."""
    if "monitors" in tables.run.model_fields_set:
        for name in tables.run.monitors:
            check_name(name)
    for name in tables.run.shadow:
        check_name(name)
    for name, settings in tables.monitors.items():
        build_monitor(name, settings)


def _build(kind: Any, settings: Mapping[str, Any]) -> Monitor:
    if not is_dataclass(kind):
        monitor: Monitor = kind(**settings)
        return monitor
    known = [field.name for field in fields(kind) if field.init]
    for key in settings:
        if key not in known:
            raise ValueError(f"no setting is called {key!r}; {nearest(key, known)}")
    built: Monitor = TypeAdapter(kind).validate_python(dict(settings))
    return built
