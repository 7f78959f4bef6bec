"""`flyball proxy`: supervision in front of any model, for any agent."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import typer

from flyball.cli.options import LedgerOption, open_ledger
from flyball.errors import ConfigError

if TYPE_CHECKING:
    from flyball.adapters.proxy import Proxy, Upstream
    from flyball.config import Config
    from flyball.ledger import Ledger
    from flyball.roles import Meter


def proxy(  # noqa: PLR0913 - one parameter an option
    upstream: Annotated[
        str,
        typer.Option(help="Base of the API that answers, or a model of flyball.toml with one."),
    ],
    strong: Annotated[
        str | None, typer.Option(help="A model of flyball.toml to escalate to.")
    ] = None,
    host: Annotated[str, typer.Option(help="The address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port.")] = 8484,
    token_env: Annotated[
        str | None, typer.Option(help="Environment variable of the token that clients show.")
    ] = None,
    max_steps: Annotated[
        int | None, typer.Option(min=1, help="Ceiling of steps of each run.")
    ] = None,
    ask_seconds: Annotated[
        float, typer.Option(min=0, help="How long a step waits for a person.")
    ] = 600.0,
    ledger: LedgerOption = None,
) -> None:
    """Supervise any agent in any language: point its base URL here.

    Runs are told apart by their conversations, or by the header X-Flyball-Run. Monitors, governor
    and ceilings are those of flyball.toml. Keys pass through, and are neither stored nor logged.
    What waits for a person is listed at /flyball/asks.
    """
    from flyball.adapters.proxy import serve
    from flyball.config import load_config

    config, token = load_config(), _token(host, token_env)
    with open_ledger(ledger, config) as opened:
        made = _proxy(config, opened, upstream, strong)
        made = replace(made, token=token, ask_seconds=ask_seconds)
        budget = made.supervision.budget
        budget = replace(budget, steps=max_steps or budget.steps)
        made = replace(made, supervision=replace(made.supervision, budget=budget))
        typer.echo(f"{made.upstream.url} is supervised at http://{host}:{port}/v1", err=True)
        serve(made, host=host, port=port)


def _token(host: str, variable: str | None) -> str | None:
    """What clients have to show. Raises `ConfigError` where others could ask without."""
    token = os.environ.get(variable, "").strip() if variable else ""
    if variable and not token:
        raise ConfigError(f"the token is missing; set the environment variable {variable}")
    if not token and not _is_loopback(host):
        raise ConfigError(
            f"others could ask at {host} on your account; name a token with --token-env NAME,"
            " or listen at 127.0.0.1"
        )
    return token or None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _proxy(config: Config, ledger: Ledger, named: str, strong: str | None) -> Proxy:
    from flyball.adapters import Supervision
    from flyball.adapters.proxy import Proxy
    from flyball.monitors import LiteLLMStall

    upstream = _upstream(config, named)
    monitors = config.monitors_for(upstream.name, "proxy")
    if strong and not any(getattr(monitor, "policy", None) for monitor in monitors):
        monitors.append(LiteLLMStall(policy=strong))
    budget, told = config.budget(), config.run.model_fields_set
    supervision = Supervision(
        monitors=monitors,
        governor=config.governor(None, strong),
        budget=budget if "max_steps" in told else replace(budget, steps=None),
        ledger=ledger,
        strong=strong,
    )
    return Proxy(
        upstream=upstream,
        others={strong: _upstream(config, strong)} if strong else {},
        supervision=supervision,
        meter=_meter(config) if upstream.local else _no_meter(),
        usd_per_kwh=Decimal(str(config.energy.usd_per_kwh)),
    )


def _upstream(config: Config, named: str) -> Upstream:
    """A server by its address, or by its name in flyball.toml. Raises `ConfigError`."""
    from flyball.adapters.proxy import Upstream
    from flyball.models import Server
    from flyball.models.server import is_loopback

    address = "://" in named
    spec = None if address else config.model(named)
    if spec is not None and spec.server is None:
        raise ConfigError(f"model {named!r} is no server; run one, as with llama-server -m FILE")
    url = Server(url=named if spec is None else spec.server or "", model=named).base()
    local = is_loopback(url)
    if spec is None:
        return Upstream(name="upstream", url=url, local=local)
    return Upstream(
        name=named,
        url=url,
        model=spec.model or named,
        api_key_env=spec.api_key_env,
        local=local if spec.local is None else spec.local,
    )


def _meter(config: Config) -> Meter:
    """Counters of the whole machine: an estimate would see this process, and not the server's."""
    from flyball.meters import Combined, NvmlMeter, RaplMeter

    if config.energy.meter == "none":
        return _no_meter()
    return Combined([meter for meter in (RaplMeter(), NvmlMeter()) if meter.source.works])


def _no_meter() -> Meter:
    from flyball.meters import NoMeter

    return NoMeter()
