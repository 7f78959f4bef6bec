"""Settings of a cascade that a call gives in place of the configuration's: ablations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pydantic import ValidationError

from flyball.config import Config
from flyball.config.config import BUDGET, LEARNED
from flyball.config.parts import check_name
from flyball.config.tables import GovernorTable
from flyball.config.wording import first_problem, nearest
from flyball.errors import ConfigError

Variant = Mapping[str, str]
"""Settings as they are written: `monitors`, and any key of `[governor]`."""

MONITORS = "monitors"
SPELT = {("burst", "none"): "permanent"}
"""What a call may say otherwise than the configuration."""
ESCALATING = ("stuck",)
"""Monitors that escalate once they are told to whom."""


def read_variant(text: str) -> tuple[str, dict[str, str]]:
    """Part `NAME/KEY=VALUE/...` into the name, which may have a `/` itself, and the settings."""
    parts = text.split("/")
    name = [part for part in parts if "=" not in part]
    pairs = [part.partition("=") for part in parts if "=" in part]
    return "/".join(name), {key.strip().replace("-", "_"): value for key, _, value in pairs}


def with_monitors(config: Config, chosen: str, strong: str) -> Config:
    """The same with the monitors that are named with `+` between, the budget's among them.

    `none` is the budget's alone, `all` adds the three that were learned. Raises `ConfigError`.
    """
    named = {"none": (), "all": LEARNED}.get(chosen, tuple(chosen.split("+")))
    for name in named:
        check_name(name)
    names = tuple(dict.fromkeys((BUDGET, *named)))
    told = {
        name: {"policy": strong, **config.tables.monitors.get(name, {})}
        for name in names
        if name in ESCALATING
    }
    run = config.tables.run.model_copy(update={"monitors": names})
    monitors = {**config.tables.monitors, **told}
    tables = config.tables.model_copy(update={"run": run, "monitors": monitors})
    return replace(config, tables=tables)


def with_governor(config: Config, settings: Variant) -> Config:
    """The same with `settings` in `[governor]`. Raises `ConfigError` for a key it does not have."""
    given = {key: _value(SPELT.get((key, text), text)) for key, text in settings.items()}
    for key in given:
        if key not in GovernorTable.model_fields:
            near = nearest(key, (MONITORS, *GovernorTable.model_fields))
            raise ConfigError(f"the governor has no setting {key!r}; {near}")
    before = config.tables.governor.model_dump(exclude_unset=True)
    try:
        table = GovernorTable.model_validate({**before, **given})
    except ValidationError as error:
        raise ConfigError(f"governor.{first_problem(error)}") from error
    return replace(config, tables=config.tables.model_copy(update={"governor": table}))


def _value(text: str) -> object:
    """What TOML would read, and `none` for what is not set."""
    plain: dict[str, object] = {"none": None, "true": True, "false": False}
    if text in plain:
        return plain[text]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
