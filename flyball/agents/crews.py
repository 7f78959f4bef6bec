"""Put a crew together from what the configuration says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from flyball import plugins
from flyball.agents.chat import ModelPolicy, best_style
from flyball.agents.compact import CompactPolicy
from flyball.agents.graph import Crew
from flyball.config import Config
from flyball.meters import detect, estimate_meter
from flyball.models import close_model, model_format, open_model
from flyball.monitors import LiteLLMStall
from flyball.records import Decision, Ruling, Step, ToolSpec, Trajectory, Usage
from flyball.roles import Meter, Policy, Ruled, Tool


class NoVerifier:
    """Stands where nothing can verify: the run goes on, and the record says so."""

    name = "none"

    async def verify(self, trajectory: Trajectory) -> Ruled:
        decision = Decision(reason="there is nothing to verify with", by=self.name)
        return Ruled(decision, Usage())


async def nobody(step: Step) -> Decision:
    """Stop where a person should be asked and none is there."""
    why = f"nobody is there to ask: {step.decision.reason}"
    return Decision(ruling=Ruling.STOP, reason=why, by=step.decision.by)


@contextmanager
def open_policies(
    config: Config,
    names: Sequence[str],
    tools: Sequence[ToolSpec],
    *,
    seed: int | None = None,
    temperature: float = 0.0,
) -> Iterator[Mapping[str, Policy]]:
    """Open the models called `names`, each with the kind of policy that it takes.

    Raises `ConfigError` for an unknown name and `ModelError` for a model that does not open.
    """
    opened, policies = list[Any](), dict[str, Policy]()
    try:
        for name in dict.fromkeys(names):
            spec = config.model(name)
            compact = model_format(spec) == "compact"
            model = open_model(spec)
            opened.append(model)
            if compact:
                grammar = config.run.grammar
                policies[name] = CompactPolicy(model, temperature=temperature, grammar=grammar)
            else:
                policies[name] = ModelPolicy(
                    model=model,
                    tools=tools,
                    style=best_style(spec),
                    seed=seed,
                    temperature=temperature,
                )
        yield policies
    finally:
        for model in opened:
            close_model(model)


def open_meter(config: Config) -> Meter:
    """The meter that the configuration names, or the best that this machine has."""
    named, watts_per_core = config.energy.meter, config.energy.watts_per_core
    if named == "auto":
        return detect(watts_per_core=watts_per_core)
    if named == "estimate":
        return estimate_meter(watts_per_core)
    meter: Meter = plugins.load("meters", named)()
    return meter


def assemble(
    config: Config,
    policies: Mapping[str, Policy],
    tools: Mapping[str, Tool],
    *,
    meter: Meter,
    strong: str | None = None,
    agent: str = "web",
) -> Crew:
    """Make a crew that tells nobody of its steps; `replace` its sink to listen.

    The first of the policies drives. With a `strong` policy, a stall escalates to it.
    """
    monitors = config.monitors_for(next(iter(policies), ""), agent)
    if strong and not any(getattr(monitor, "policy", None) for monitor in monitors):
        monitors.append(LiteLLMStall(policy=strong))
    return Crew(
        policies=policies,
        monitors=monitors,
        governor=config.governor(),
        verifier=NoVerifier(),
        tools=tools,
        meter=meter,
        sink=lambda step: None,
        ask=nobody,
        usd_per_kwh=Decimal(str(config.energy.usd_per_kwh)),
    )
