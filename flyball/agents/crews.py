"""Put a crew together from what the configuration says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from typing import Any

from flyball import plugins
from flyball.agents.chat import ModelPolicy, best_style
from flyball.agents.coding import CODE, CODE_SHOWN
from flyball.agents.compact import CompactPolicy
from flyball.agents.compact_code import CompactCodePolicy
from flyball.agents.graph import Crew
from flyball.agents.metering import describe_metering
from flyball.agents.verifiers import CommandVerifier, ModelVerifier, PolicyVerifier
from flyball.config import Config
from flyball.config.machine import find_machine
from flyball.errors import ConfigError
from flyball.meters import Attributed, EstimateMeter, Sampled, detect, make_estimate
from flyball.models import close_model, is_compact, model_format, open_model, provider_of
from flyball.monitors import LiteLLMStall
from flyball.records import Decision, Ruling, Step, ToolSpec, Trajectory, Usage
from flyball.roles import Meter, Policy, Ruled, Tool, Verifier
from flyball.telemetry import Telemetry
from flyball.tools.extra import McpServer


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
    agent: str = "web",
) -> Iterator[Mapping[str, Policy]]:
    """Open the models called `names`, each with the kind of policy that it takes.

    Raises `ConfigError` for an unknown name and `ModelError` for a model that does not open.
    """
    opened, policies = list[Any](), dict[str, Policy]()
    chats = partial(
        ModelPolicy,
        tools=tools,
        seed=seed,
        temperature=temperature,
        guide=CODE if agent == "code" else "",
        shown=CODE_SHOWN if agent == "code" else 1,
    )
    try:
        for name in dict.fromkeys(names):
            if name not in config.models and name in plugins.names("models"):
                opened.append(plugins.load("models", name)())
                policies[name] = chats(model=opened[-1])
                continue
            spec = config.model(name)
            form = model_format(spec)
            model = open_model(spec)
            opened.append(model)
            if is_compact(form) and agent == "code":
                policies[name] = CompactCodePolicy(model, temperature=temperature, seed=seed or 0)
            elif is_compact(form):
                policies[name] = CompactPolicy(
                    model,
                    temperature=temperature,
                    seed=seed or 0,
                    grammar=config.run.grammar,
                    reasons=form == "compact-reasoning",
                )
            else:
                policies[name] = chats(model=model, style=best_style(spec))
        yield policies
    finally:
        for model in opened:
            close_model(model)


def mcp_servers(config: Config) -> list[McpServer]:
    """The MCP servers of the configuration."""
    return [
        McpServer(name=name, command=table.command, url=table.url)
        for name, table in config.tables.mcp.items()
    ]


def open_meter(config: Config) -> Meter:
    """The meter that the configuration names, or the best that this machine has.

    It is read in the background, and says beside its readings what of them is idling and what
    is this process's, as far as `flyball doctor --calibrate` was run.
    """
    named, energy = config.energy.meter, config.energy
    estimate = make_estimate(energy.watts_per_core, pue=energy.pue, psf=energy.psf)
    if named == "estimate":
        return Sampled(estimate)
    meter: Meter = detect(estimate=estimate) if named == "auto" else plugins.load("meters", named)()
    if isinstance(meter, EstimateMeter):
        return Sampled(meter)
    machine = find_machine()
    if machine is None:
        return Sampled(Attributed(meter))
    idle, processor = machine.idle_watts, machine.processor_idle_watts
    return Sampled(Attributed(meter, idle_watts=idle, processor_idle_watts=processor))


def make_verifier(config: Config, policies: Mapping[str, Policy], strong: str | None) -> Verifier:
    """The verifier of `[governor]`; one that does nothing where it has nobody to ask.

    `checker` knows the task, and is for the caller to put in its place. Raises `ConfigError`.
    """
    wanted, command = config.tables.governor.verifier, config.tables.governor.test_command
    if wanted in plugins.names("verifiers"):
        brought: Verifier = plugins.load("verifiers", wanted)(strong=strong)
        return brought
    if wanted == "tests":
        if command is None:
            raise ConfigError('governor.verifier = "tests" needs governor.test_command')
        return CommandVerifier(command=command, strong=strong)
    if wanted != "strong" or strong is None or strong not in policies:
        return NoVerifier()
    asked = policies[strong]
    if isinstance(asked, ModelPolicy):
        return ModelVerifier(model=asked.model, strong=strong)
    return PolicyVerifier(policy=asked, strong=strong)


def _providers(config: Config, names: Iterable[str]) -> dict[str, str]:
    """Who answers for each policy's model, where that is known."""
    known = [name for name in names if name in config.model_names()]
    told = {name: provider_of(config.model(name)) for name in known}
    return {name: provider for name, provider in told.items() if provider is not None}


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

    The first of the policies drives. With a `strong` policy, a stall escalates to it, unless a
    monitor or the governor does so of its own.
    """
    driver, told = next(iter(policies), ""), config.tables.governor
    monitors = config.monitors_for(driver, agent)
    collector = config.tables.telemetry.otlp
    escalates = any(getattr(monitor, "policy", None) for monitor in monitors)
    if strong and not escalates and told.kind == "strictest":
        monitors.append(LiteLLMStall(policy=strong))
    return Crew(
        policies=policies,
        monitors=monitors,
        governor=config.governor(driver or None, strong, agent),
        verifier=make_verifier(config, policies, strong),
        tools=tools,
        meter=meter,
        sink=lambda step: None,
        ask=nobody,
        usd_per_kwh=Decimal(str(config.energy.usd_per_kwh)),
        hand_over=told.hand_over,
        patience_seconds=told.strong_seconds,
        recover=told.recover,
        metering=describe_metering(config, meter),
        watts_ceiling=config.energy.watts_ceiling,
        telemetry=Telemetry(collector, _providers(config, policies)) if collector else None,
    )
