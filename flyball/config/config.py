"""Turn what the configuration says into the parts of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from flyball.config.calibrations import put_in_place
from flyball.config.files import find_files, merge, read_tables
from flyball.config.governing import build_governor
from flyball.config.parts import build_monitor
from flyball.config.tables import (
    BrowserTable,
    EnergyTable,
    GovernorTable,
    LedgerTable,
    ListPriceTable,
    ModelTable,
    RunTable,
    SandboxTable,
    Tables,
)
from flyball.config.wording import first_problem
from flyball.errors import ConfigError
from flyball.models import ModelSpec, bundled_names
from flyball.models.specs import BUNDLED
from flyball.records import Budget
from flyball.roles import Governor, Monitor

BUDGET = "over_budget"
LEARNED = ("stuck", "milestone", "will_fail")
PRICES = frozenset({"input_usd_per_mtok", "output_usd_per_mtok"})


@dataclass(frozen=True, kw_only=True)
class Config:
    """What the files say, merged, nearest first."""

    tables: Tables = field(default_factory=Tables)
    files: tuple[Path, ...] = ()
    """What was read, nearest first; empty where there was nothing to read."""

    @property
    def run(self) -> RunTable:
        return self.tables.run

    @property
    def energy(self) -> EnergyTable:
        return self.tables.energy

    @property
    def ledger(self) -> LedgerTable:
        return self.tables.ledger

    @property
    def browser(self) -> BrowserTable:
        return self.tables.browser

    @property
    def sandbox(self) -> SandboxTable:
        return self.tables.sandbox

    @property
    def models(self) -> Mapping[str, ModelTable]:
        """The models that the files name; the bundled ones are known without them."""
        return self.tables.models

    @property
    def list_prices(self) -> Mapping[str, ListPriceTable]:
        """What comparisons charge for a model, whatever a run really cost."""
        return self.tables.list_prices

    def model(self, name: str) -> ModelSpec:
        """Find the model called `name`. Raises `ConfigError` where there is none."""
        if table := self.models.get(name):
            return _spec(name, table)
        if name in self.model_names():
            return ModelSpec(name=name, gguf=Path(name))
        known = ", ".join(self.model_names()) or "none"
        raise ConfigError(
            f"no model is called {name!r}; there are: {known}; "
            f"add it with: flyball models add {name} --gguf FILE"
        )

    def model_names(self) -> list[str]:
        """Name the models of the files, and the bundled ones: `bundled/NAME`."""
        bundled = {f"{BUNDLED}/{name}" for name in bundled_names()}
        return sorted(bundled | set(self.models))

    def monitors(self) -> list[Monitor]:
        """Build the monitors of `[run] monitors` with their settings.

        Raises `ConfigError` for a name or a setting that does not exist, `PluginError`
        for a monitor that cannot be imported.
        """
        return [self.monitor(name) for name in self.watching]

    @property
    def watching(self) -> tuple[str, ...]:
        """The names of a run's monitors: `[run] monitors`, or the usual ones if none are given.

        Who prices decisions has to know the risk, so that the learned ones are among them then.
        """
        usual = "monitors" not in self.run.model_fields_set
        learned = LEARNED if usual and self.tables.governor.kind == "priced" else ()
        return (*self.run.monitors, *learned)

    def monitor(self, name: str) -> Monitor:
        """Build the monitor called `name`, whether or not runs use it. Raises as `monitors`."""
        return build_monitor(name, self._settings(name))

    def monitors_for(self, model: str, agent: str) -> list[Monitor]:
        """The monitors as they watch `model` drive an `agent`: obeyed, calibrated or in shadow."""
        return put_in_place(self.monitors(), model, agent, self.run.shadow)

    def with_grammar(self, grammar: bool | None) -> Config:
        """The same with `[run] grammar` as the call says; `None`: as the files say."""
        if grammar is None:
            return self
        run = self.run.model_copy(update={"grammar": grammar})
        return replace(self, tables=self.tables.model_copy(update={"run": run}))

    def with_temperature(self, temperature: float | None) -> Config:
        """The same with `[run] temperature` as the call says; `None`: as the files say."""
        if temperature is None:
            return self
        run = self.run.model_copy(update={"temperature": temperature})
        return replace(self, tables=self.tables.model_copy(update={"run": run}))

    def with_preference(self, prefer: str | None) -> Config:
        """The same with decisions that are priced after what the call prefers; `None`: the same."""
        if prefer is None:
            return self
        told = {**self.tables.governor.model_dump(exclude_unset=True), "kind": "priced"}
        try:
            governor = GovernorTable(**{**told, "prefer": prefer})
        except ValidationError as error:
            raise ConfigError(f"--prefer: {first_problem(error)}") from error
        return replace(self, tables=self.tables.model_copy(update={"governor": governor}))

    def in_shadow(self, shadow: bool) -> Config:
        """The same with every monitor but the budget in shadow mode, if that is asked for."""
        if not shadow:
            return self
        names = tuple(name for name in self.watching if name != BUDGET)
        run = self.run.model_copy(update={"shadow": names})
        return replace(self, tables=self.tables.model_copy(update={"run": run}))

    def governor(
        self, small: str | None = None, strong: str | None = None, agent: str = "web"
    ) -> Governor:
        """Build the governor of a run of `agent` that `small` drives; `strong` may be called in.

        Raises `ConfigError` where its decisions are to be priced and nothing is known to do so.
        """
        return build_governor(self.tables.governor, small, strong, agent)

    def budget(self) -> Budget:
        """The ceilings of `[run]`."""
        run = self.run
        return Budget(
            steps=run.max_steps,
            seconds=run.max_seconds,
            output_tokens=run.max_output_tokens,
            cost_usd=None if run.budget_usd is None else Decimal(str(run.budget_usd)),
            joules=run.budget_joules,
            battery_percent=run.budget_battery_percent,
        )

    def _settings(self, name: str) -> Mapping[str, Any]:
        return self.tables.monitors.get(name, {})


def load_config(start: Path | None = None, explicit: Path | None = None) -> Config:
    """Read the configuration that holds in `start` (the working directory, if not given).

    Read are the project's files and the user's (`find_files`), or `explicit` alone.
    Raises `ConfigError`.
    """
    files = (explicit,) if explicit else find_files(start or Path.cwd())
    merged: dict[str, Any] = {}
    for path in reversed(files):
        merged = merge(read_tables(path).model_dump(exclude_unset=True), merged)
    return Config(tables=Tables.model_validate(merged), files=files)


def _spec(name: str, table: ModelTable) -> ModelSpec:
    settings = table.model_dump(exclude_none=True)
    for price in PRICES & settings.keys():
        settings[price] = Decimal(str(settings[price]))
    return ModelSpec(name=name, **settings)
