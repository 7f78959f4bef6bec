"""What a run's figures rest on, and what passed from its first look to its end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from flyball.config import Config
from flyball.config.machine import find_machine
from flyball.errors import ConfigError
from flyball.meters import Between, price_list, sources
from flyball.meters.grid import Intensity, country_intensity, live_intensity
from flyball.records import Metering, Run, Spend
from flyball.roles import Meter


def describe_metering(config: Config, meter: Meter) -> Metering:
    """Tell how `meter` and `config` come to their figures. Raises `ConfigError`."""
    machine, grid = find_machine(), grid_intensity(config)
    return Metering(
        sources=sources(meter),
        idle_watts=machine.idle_watts if machine else None,
        idle_measured_at=machine.measured_at if machine else None,
        usd_per_kwh=config.energy.usd_per_kwh,
        price_list=price_list(),
        grams_per_kwh=grid.grams_per_kwh if grid else None,
        grid=grid.source if grid else "",
        bandwidth_bytes_per_s=machine.bandwidth_bytes_per_s if machine else None,
    )


def grid_intensity(config: Config) -> Intensity | None:
    """The grid's intensity: as it is asked for, as given, or the country's; `None`: not known.

    Raises `ConfigError` for a country that the table does not have.
    """
    energy = config.energy
    if energy.grid_url and (live := live_intensity(energy.grid_url, energy.grid_key)):
        return live
    if energy.grams_per_kwh is not None:
        return Intensity(grams_per_kwh=energy.grams_per_kwh, source="[energy] grams_per_kwh")
    if energy.country is None:
        return None
    if found := country_intensity(energy.country):
        return found
    raise ConfigError(
        f"energy.country: no grid is known for {energy.country!r}; take an ISO 3166 code such as"
        " DE or DEU, or set energy.grams_per_kwh"
    )


@dataclass(eq=False)
class Account:
    """What a run has come to since it began, or was taken up again."""

    between: Between = field(default_factory=Between)
    spend: Spend | None = None
    beside: int = 0
    """How many others were open at the same time, at most."""

    def closed(self, run: Run) -> Run:
        """`run` with its total and its idling, those of earlier attempts included."""
        total = self.spend or Spend()
        before, idle, metering = run.total, run.idle, run.metering or Metering()
        return replace(
            run,
            metering=replace(metering, beside=max(self.beside, metering.beside)),
            total=total if before is None else before + total,
            idle=self.between.spend if idle is None else idle + self.between.spend,
        )


_OPEN: list[Account] = []
"""The runs that this process carries on now: a meter cannot tell them apart."""


@contextmanager
def kept(account: Account, meter: Meter) -> Iterator[None]:
    """Read `meter` at the beginning and at the end, and tell the account's idling of both."""
    _OPEN.append(account)
    for each in _OPEN:
        each.beside = max(each.beside, len(_OPEN) - 1)
    before, began = meter.read(), time.perf_counter()
    account.between.left(before, began)
    try:
        yield
    finally:
        _OPEN.remove(account)
        after, ended = meter.read(), time.perf_counter()
        account.between.entered(after, ended)
        account.spend = Spend(seconds=ended - began, energy=after - before)
