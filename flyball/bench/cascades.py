"""What a policy's name stands for: who drives, who is called in, and by what rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from flyball.agents import Crew, assemble
from flyball.bench.oracle import ORACLE
from flyball.bench.schedules import Scheduled
from flyball.bench.variants import Variant, read_variant, with_governor, with_monitors
from flyball.config import Config
from flyball.config.tables import GovernorTable
from flyball.errors import ConfigError
from flyball.models.specs import BUNDLED
from flyball.monitors import Bursts, LiteLLMStall, OpenHandsStuck, OverBudget, Strictest
from flyball.records import Ruling, Task
from flyball.roles import Governor, Meter, Monitor, Policy, Tool

SMALL, STRONG, CASCADE = "small", "strong", "cascade"
EVERY, RANDOM, LITELLM, OPENHANDS = "every", "random", "litellm", "openhands"
NAMES = (SMALL, STRONG, CASCADE, f"{EVERY}:K", f"{RANDOM}:P", LITELLM, OPENHANDS, ORACLE)
FOR_GOOD = Strictest(bursts=Bursts(steps=None))
"""Whoever is called in stays."""


class Duo(NamedTuple):
    """The models of a cascade, by their whole names."""

    small: str
    strong: str


@dataclass(frozen=True, kw_only=True)
class Contender:
    """One way to play a suite, as it can be compared with others."""

    label: str
    """How it is called: `cascade`, `every:3`, `cascade/monitors=stuck`, or a model's name."""
    driver: str
    """The policy that drives by default."""
    config: Config
    """What it is played under."""
    strong: str | None = None
    """The policy that may be called in."""
    monitors: tuple[Monitor, ...] | None = None
    """In place of what the configuration says."""
    only_named: bool = False
    """Nothing watches but what the configuration names, where a cascade has a router besides."""
    governor: Governor | None = None
    """In place of what the configuration says."""

    @property
    def models(self) -> tuple[str, ...]:
        """The policies that it is played with, the driver first."""
        return tuple(dict.fromkeys((self.driver, *([self.strong] if self.strong else []))))

    def first(self, task: Task) -> str:
        """Say who takes the first step of `task`."""
        if isinstance(self.governor, Scheduled):
            return self.governor.driver(task, 0)
        return self.driver

    def crew(
        self,
        policies: Mapping[str, Policy],
        tools: Mapping[str, Tool],
        *,
        meter: Meter,
        agent: str = "web",
    ) -> Crew:
        """Make the crew that plays it. Raises `ConfigError` as `assemble` does."""
        crew = assemble(self.config, policies, tools, meter=meter, strong=self.strong, agent=agent)
        if self.monitors is not None:
            crew = replace(crew, monitors=self.monitors)
        if self.only_named:  # what they promise differs from agent to agent
            crew = replace(crew, monitors=tuple(self.config.monitors_for(self.driver, agent)))
        if self.governor is None:
            return crew
        # Schedules and other routers pass the whole history on.
        return replace(crew, governor=self.governor, hand_over="full")


def duo_of(config: Config, small: str | None = None, strong: str | None = None) -> Duo:
    """The pair that is asked for, else that of `[run]`, else the bundled one.

    Names are made whole; whether such models exist shows once they are needed.
    """
    called_in = strong or config.run.strong or f"{BUNDLED}/{STRONG}"
    return Duo(_whole(config, small or config.run.policy), _whole(config, called_in))


def full_name(config: Config, policy: str) -> str:
    """The whole name of a policy, where `small` is short for `bundled/small`.

    Raises `ConfigError` for a name that nobody has.
    """
    name = _whole(config, policy)
    if name == ORACLE or name in config.model_names():
        return name
    known = ", ".join((*config.model_names(), *NAMES))
    raise ConfigError(f"no policy is called {policy!r}; there are: {known}")


def contenders_of(config: Config, names: str, duo: Duo, extra: Variant) -> list[Contender]:
    """Read names with commas between; `extra` is added to each cascade's own settings.

    Raises `ConfigError` for a name or a setting that does not exist.
    """
    texts = list(dict.fromkeys(name.strip() for name in names.split(",") if name.strip()))
    if not texts:
        raise ConfigError(f"--policy names nothing; there are: {', '.join(NAMES)}, and models")
    if extra and not any(read_variant(text)[0] == CASCADE for text in texts):
        raise ConfigError(f"--{next(iter(extra)).replace('_', '-')} is for a cascade only")
    found = [contender_of(config, text, duo, extra) for text in texts]
    return list({contender.label: contender for contender in found}.values())


def contender_of(config: Config, text: str, duo: Duo, extra: Variant | None = None) -> Contender:
    """Read one name: `NAME[:NUMBER][/KEY=VALUE]...`. Raises `ConfigError`."""
    name, variant = read_variant(text)
    if name == CASCADE:
        return _cascade(config, _both(config, duo), {**(extra or {}), **variant})
    if variant:
        raise ConfigError(f"{text!r}: only a cascade takes settings; {name!r} is what it is")
    if name in (SMALL, STRONG):
        return _alone(config, name, duo.small if name == SMALL else duo.strong)
    rule, colon, number = name.partition(":")
    if colon and rule in (EVERY, RANDOM):
        return _scheduled(config, _both(config, duo), rule, number)
    if name in (LITELLM, OPENHANDS):
        return _stalled(config, _both(config, duo), name)
    if rule in (EVERY, RANDOM):
        raise ConfigError(f"{name} needs a number: every:4 or random:0.3")
    return single(config, full_name(config, name))


def label_of(text: str) -> str:
    """How `text` is written in a ledger: the settings in order. Looks at no model."""
    name, variant = read_variant(text)
    rule, _, number = name.partition(":")
    if rule == RANDOM:
        return f"{RANDOM}:{_share(number):g}"
    return f"{EVERY}:{_stride(number)}" if rule == EVERY else _label(name, variant)


def _label(name: str, variant: Variant) -> str:
    return "/".join([name, *(f"{key}={variant[key]}" for key in sorted(variant))])


def single(config: Config, policy: str) -> Contender:
    """A model by itself (or the oracle) under the configured supervision."""
    return Contender(label=policy, driver=policy, config=config)


def _cascade(config: Config, duo: Duo, variant: Variant) -> Contender:
    """What the configuration says, with the strong policy at hand."""
    settings, label = dict(variant), _label(CASCADE, variant)
    chosen = settings.pop("monitors", None)
    mine = with_governor(config, settings)
    if chosen is None:
        return Contender(label=label, driver=duo.small, strong=duo.strong, config=mine)
    return Contender(
        label=label,
        driver=duo.small,
        strong=duo.strong,
        config=with_monitors(mine, chosen, duo.strong),
        only_named=True,
    )


def _alone(config: Config, label: str, model: str) -> Contender:
    """One of the pair with nothing but its budget: an end of the line that cascades are held to."""
    config.model(model)
    budget: tuple[Monitor, ...] = (OverBudget(),)
    return Contender(label=label, driver=model, config=_plain(config), monitors=budget)


def _scheduled(config: Config, duo: Duo, rule: str, number: str) -> Contender:
    small, strong = duo
    if rule == EVERY:
        every = _stride(number)
        governor = Scheduled(small=small, strong=strong, every=every)
        label = f"{EVERY}:{every}"
    else:
        share = _share(number)
        governor = Scheduled(small=small, strong=strong, share=share)
        label = f"{RANDOM}:{share:g}"
    return Contender(
        label=label,
        driver=small,
        strong=strong,
        config=_plain(config),
        monitors=(OverBudget(),),
        governor=governor,
    )


def _stride(number: str) -> int:
    every = int(number) if number.isdecimal() else 0
    if every < 1:
        raise ConfigError(f"every:{number}: K is a whole number from 1, as in every:4")
    return every


def _share(number: str) -> float:
    try:
        share = float(number)
    except ValueError:
        share = -1.0
    if not 0.0 <= share <= 1.0:
        raise ConfigError(f"random:{number}: P is a chance from 0 to 1, as in random:0.3")
    return share


def _stalled(config: Config, duo: Duo, name: str) -> Contender:
    """Another router's rule, which calls the strong policy in for good.

    LiteLLM's as it ships, which counts a repeat whatever came of it; where OpenHands' would stop,
    it escalates.
    """
    rule: Monitor = (
        LiteLLMStall(policy=duo.strong, unchanged_only=False)
        if name == LITELLM
        else OpenHandsStuck(ruling=Ruling.ESCALATE, policy=duo.strong)
    )
    return Contender(
        label=name,
        driver=duo.small,
        strong=duo.strong,
        config=_plain(config),
        monitors=(OverBudget(), rule),
        governor=FOR_GOOD,
    )


def _plain(config: Config) -> Config:
    """The same with `[governor]` as it is by default: what it says is for cascades."""
    tables = config.tables.model_copy(update={"governor": GovernorTable()})
    return replace(config, tables=tables)


def _both(config: Config, duo: Duo) -> Duo:
    """The pair, once it is known to be one. Raises `ConfigError`."""
    for model in duo:
        config.model(model)
    if duo.small == duo.strong:
        raise ConfigError(
            f"the small and the strong policy are both {duo.small!r}: name two with --pair-small"
            " and --pair-strong"
        )
    return duo


def _whole(config: Config, name: str) -> str:
    bundled, names = f"{BUNDLED}/{name}", config.model_names()
    return bundled if bundled in names and name not in names else name
