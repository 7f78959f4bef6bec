"""What work takes: tokens, money, joules, seconds; and the ceilings set for them."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from decimal import Decimal
from typing import Literal, TypeVar

EnergyMethod = Literal["counter", "integrated", "modelled", "estimated"]
"""How a figure of energy was obtained, surest first: an energy counter, power readings
integrated over time, a model fitted on this machine, an estimate from a table."""

METHODS: tuple[EnergyMethod, ...] = ("counter", "integrated", "modelled", "estimated")
Amount = TypeVar("Amount", int, float)
Left = TypeVar("Left", int, float, Decimal)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens and money of model calls."""

    requests: int = 0
    local_requests: int = 0
    """The part of `requests` that this machine answered: their price is their electricity."""
    input_tokens: int = 0
    """All prompt tokens, cached ones included."""
    cached_tokens: int = 0
    """The part of `input_tokens` that came from a cache."""
    output_tokens: int = 0
    """All generated tokens, reasoning included."""
    reasoning_tokens: int | None = None
    """The part of `output_tokens` that was thought and not said; `None` where nobody tells. As with
    the other parts that may be `None`, a sum is unknown as soon as one request does not tell."""
    cost_usd: Decimal = Decimal(0)
    """Price of what has one: remote requests, and this machine's electricity."""
    unpriced_requests: int = 0
    """Requests whose price is unknown, which is not the same as free."""
    prefill_seconds: float | None = None
    """Of reading prompts; `None`, as with the next two, where no backend tells."""
    decode_seconds: float | None = None
    """Of writing answers."""
    decode_bytes: int | None = None
    """What had to be read from memory to write them: weights and cache, for each token."""
    remote_low_j: float | None = None
    """Joules that remote models may have taken elsewhere, at least and at most; estimated for the
    requests that something is known of, and a sum is of those alone. They are no part of any
    `Energy`."""
    remote_high_j: float | None = None

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            requests=self.requests + other.requests,
            local_requests=self.local_requests + other.local_requests,
            input_tokens=self.input_tokens + other.input_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            reasoning_tokens=self._told(other, self.reasoning_tokens, other.reasoning_tokens),
            cost_usd=self.cost_usd + other.cost_usd,
            unpriced_requests=self.unpriced_requests + other.unpriced_requests,
            prefill_seconds=self._told(other, self.prefill_seconds, other.prefill_seconds),
            decode_seconds=self._told(other, self.decode_seconds, other.decode_seconds),
            decode_bytes=self._told(other, self.decode_bytes, other.decode_bytes),
            remote_low_j=_plus(self.remote_low_j, other.remote_low_j),
            remote_high_j=_plus(self.remote_high_j, other.remote_high_j),
        )

    def _told(self, other: Usage, mine: Amount | None, theirs: Amount | None) -> Amount | None:
        """The sum of what requests tell: unknown as soon as one of them does not."""
        silent = (self.requests and mine is None) or (other.requests and theirs is None)
        return None if silent else _plus(mine, theirs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Energy:
    """Joules. `None` means that nothing tells about that part of the machine."""

    cpu_j: float | None = None
    dram_j: float | None = None
    gpu_j: float | None = None
    method: EnergyMethod | None = None
    """How the three parts above were read; `None` while there are none."""
    estimated_j: float | None = None
    """Energy worked out rather than read. It is kept apart, and never added to a reading."""
    idle_j: float | None = None
    """The part of what was read that the machine takes when it does nothing, as calibrated."""
    own_j: float | None = None
    """The part of what was read beyond `idle_j` that falls to this process and its descendants,
    by their share of the machine's CPU time."""
    battery_percent: float | None = None
    """Percentage points of its charge that the battery lost."""
    unknown: tuple[str, ...] = ()
    """Why some of it is not known, where a counter failed. What was read is then a part only."""

    @property
    def measured_j(self) -> float | None:
        """The sum of the parts that were read."""
        known = [part for part in (self.cpu_j, self.dram_j, self.gpu_j) if part is not None]
        return sum(known) if known else None

    @property
    def at_least_j(self) -> float | None:
        """What was read, else what was estimated, even where it is a part only."""
        return self.estimated_j if self.measured_j is None else self.measured_j

    @property
    def joules(self) -> float | None:
        """The best single figure: what was read, else what was estimated, else unknown."""
        return None if self.unknown else self.at_least_j

    @property
    def net_j(self) -> float | None:
        """Joules over the idle baseline; `None` where either is unknown."""
        gross_j = None if self.unknown else self.measured_j
        return None if gross_j is None or self.idle_j is None else gross_j - self.idle_j

    @property
    def joules_method(self) -> EnergyMethod | None:
        """How what is known was obtained; `None` where nothing is."""
        if self.measured_j is not None:
            return self.method or "counter"
        return None if self.estimated_j is None else "estimated"

    def __add__(self, other: Energy) -> Energy:
        return Energy(
            cpu_j=_plus(self.cpu_j, other.cpu_j),
            dram_j=_plus(self.dram_j, other.dram_j),
            gpu_j=_plus(self.gpu_j, other.gpu_j),
            method=_least_sure(self.method, other.method),
            estimated_j=_plus(self.estimated_j, other.estimated_j),
            idle_j=_plus(self.idle_j, other.idle_j),
            own_j=_plus(self.own_j, other.own_j),
            battery_percent=_plus(self.battery_percent, other.battery_percent),
            unknown=_reasons(self.unknown, other.unknown),
        )

    def __sub__(self, earlier: Energy) -> Energy:
        return Energy(
            cpu_j=_minus(self.cpu_j, earlier.cpu_j),
            dram_j=_minus(self.dram_j, earlier.dram_j),
            gpu_j=_minus(self.gpu_j, earlier.gpu_j),
            method=_least_sure(self.method, earlier.method),
            estimated_j=_minus(self.estimated_j, earlier.estimated_j),
            idle_j=_minus(self.idle_j, earlier.idle_j),
            own_j=_minus(self.own_j, earlier.own_j),
            battery_percent=_minus(self.battery_percent, earlier.battery_percent),
            unknown=_reasons(self.unknown, self._lost(earlier)),
        )

    def _lost(self, earlier: Energy) -> tuple[str, ...]:
        """The parts that were read before and are not any more, where no meter says why."""
        if self.unknown:
            return ()
        gone = (
            name
            for name in ("cpu_j", "dram_j", "gpu_j", "estimated_j")
            if getattr(self, name) is None and getattr(earlier, name) is not None
        )
        return tuple(f"{name} was not read any more" for name in gone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spend:
    """Everything a piece of work took."""

    seconds: float = 0.0
    usage: Usage = Usage()
    energy: Energy = Energy()

    def __add__(self, other: Spend) -> Spend:
        return Spend(
            seconds=self.seconds + other.seconds,
            usage=self.usage + other.usage,
            energy=self.energy + other.energy,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Ceilings for a run. `None` means no ceiling."""

    steps: int | None = None
    seconds: float | None = None
    output_tokens: int | None = None
    cost_usd: Decimal | None = None
    joules: float | None = None
    battery_percent: float | None = None
    """Percentage points of the battery's charge."""

    def after(self, spend: Spend) -> Budget:
        """What `spend` leaves of it, never below 0; of steps as many as before."""
        return replace(
            self,
            seconds=_left(self.seconds, spend.seconds),
            output_tokens=_left(self.output_tokens, spend.usage.output_tokens),
            cost_usd=_left(self.cost_usd, spend.usage.cost_usd),
            joules=_left(self.joules, spend.energy.at_least_j or 0.0),
            battery_percent=_left(self.battery_percent, spend.energy.battery_percent or 0.0),
        )

    @property
    def used_up(self) -> bool:
        """Whether nothing is left of one of its ceilings."""
        mine = (getattr(self, field.name) for field in fields(self))
        return any(each is not None and each <= 0 for each in mine)


def _left(ceiling: Left | None, taken: Left) -> Left | None:
    return None if ceiling is None else max(ceiling - taken, taken * 0)


def _plus(a: Amount | None, b: Amount | None) -> Amount | None:
    if a is None or b is None:
        return b if a is None else a
    return a + b


def _minus(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else a - b


def _reasons(a: tuple[str, ...], b: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*a, *b)))


def _least_sure(a: EnergyMethod | None, b: EnergyMethod | None) -> EnergyMethod | None:
    known = [method for method in (a, b) if method is not None]
    return max(known, key=METHODS.index) if known else None
