"""Runs to train and calibrate monitors on: nothing but the budget ends them early."""

from __future__ import annotations

from dataclasses import replace

from flyball.bench.suites import CALIBRATION_SEEDS
from flyball.config import Config
from flyball.errors import ConfigError

ALONE = ("over_budget",)
"""What supervises collected runs. Monitors that are learned judge them later, from the ledger."""


def unsupervised(config: Config) -> Config:
    """The same configuration without monitors that would change the runs."""
    run = config.tables.run.model_copy(update={"monitors": ALONE})
    tables = config.tables.model_copy(update={"run": run, "monitors": {}})
    return replace(config, tables=tables)


def calibration_seeds(episodes: int) -> range:
    """The first seeds that nothing else is trained or evaluated on. Raises `ConfigError`."""
    if not 1 <= episodes <= len(CALIBRATION_SEEDS):
        raise ConfigError(f"--episodes is from 1 to {len(CALIBRATION_SEEDS):,} of each task")
    return CALIBRATION_SEEDS[:episodes]
