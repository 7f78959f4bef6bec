"""Runs as OpenTelemetry spans and metrics, sent over OTLP/HTTP to a collector that is named.

Names are those of OpenTelemetry's conventions for generative AI (`gen_ai.*`) and hardware
(`hw.energy`, in J); what these lack is `flyball.*`. What was said and seen is not sent, nor are the
arguments of tools.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from flyball.errors import ConfigError
from flyball.records import Energy, Run, Spend, Step

NANOSECONDS = 1_000_000_000
FLUSH_MILLISECONDS = 2_000
"""How long the end of a run may wait for a collector that does not answer."""
PROVIDERS = {
    "aws": "aws.bedrock",
    "azure": "azure.ai.openai",
    "google": "gcp.gen_ai",
    "mistral": "mistral_ai",
    "x-ai": "x_ai",
}
"""The conventions' names of providers by those of genai-prices, where they differ."""
NOTHING = Energy()
PARTS = {"cpu_j": "cpu", "dram_j": "memory", "gpu_j": "gpu"}

Attributes = dict[str, str | int | float | bool]


class Telemetry:
    """Tells a collector at `endpoint` of each run, step by step.

    A run is a span `invoke_agent`; below it, each step has a `chat` span for its policy, one for
    its supervision and an `execute_tool` span. A collector that is down costs a run nothing but
    that wait at its end. What is unknown is left out, and never sent as 0. `providers` says whose
    a policy's model is, by the names of genai-prices.
    """

    def __init__(self, endpoint: str, providers: Mapping[str, str] | None = None) -> None:
        try:
            self._tracer, self._energy, self._providers = _open(endpoint.rstrip("/"))
        except ImportError as error:
            why = f"[telemetry] needs {error.name}; pip install 'flyball[otel]'"
            raise ConfigError(why) from error
        self._runs: dict[str, Any] = {}
        self._idled: dict[str, Energy] = {}
        self._provided = providers or {}

    def begun(self, run: Run) -> None:
        attributes: Attributes = {
            "gen_ai.operation.name": "invoke_agent",
            **({"gen_ai.agent.name": run.agent} if run.agent else {}),
            **self._model(run.policy),
            "gen_ai.conversation.id": run.id,
            "flyball.suite": run.task.suite,
            "flyball.task": run.task.id,
        }
        name = f"invoke_agent {run.agent}".rstrip()
        self._runs[run.id] = self._tracer.start_span(name, attributes=attributes)
        if run.idle is not None:
            self._idled[run.id] = run.idle.energy  # earlier attempts told of it

    def stepped(self, run: Run, step: Step) -> None:
        """Tell of a step that is over now; its windows are laid end to end before that."""
        from opentelemetry import trace  # noqa: PLC0415

        root = self._runs.get(run.id)
        context = None if root is None else trace.set_span_in_context(root)
        at = time.time_ns() - int(step.spend.seconds * NANOSECONDS)
        for name, attributes, spend in _windows(step):
            end = at + int(spend.seconds * NANOSECONDS)
            told = {**attributes, "flyball.step": step.index, **spent(spend)}
            if attributes.get("gen_ai.operation.name") == "chat":
                told |= self._model(step.policy)
            remote = spend.usage.requests > spend.usage.local_requests
            kind = trace.SpanKind.CLIENT if remote else trace.SpanKind.INTERNAL
            span = self._tracer.start_span(name, context, kind, told, start_time=at)
            span.end(end)
            at = end
            self._count(spend.energy)

    def ended(self, run: Run) -> None:
        root = self._runs.pop(run.id, None)
        if root is not None:
            attributes: Attributes = {
                "flyball.status": run.status,
                "flyball.ended_by": run.ended_by,
                **({} if run.success is None else {"flyball.success": run.success}),
                **(spent(run.total) if run.total else {}),
            }
            root.set_attributes(attributes)
            root.end()
        idled = self._idled.pop(run.id, NOTHING)
        if run.idle is not None:
            self._count(run.idle.energy, idled)
        for provider in self._providers:
            provider.force_flush(FLUSH_MILLISECONDS)

    def close(self) -> None:
        for provider in self._providers:
            provider.shutdown()

    def _model(self, policy: str) -> Attributes:
        told: Attributes = {"gen_ai.request.model": policy}
        if provider := self._provided.get(policy):
            told["gen_ai.provider.name"] = PROVIDERS.get(provider, provider)
        return told

    def _count(self, energy: Energy, counted: Energy = NOTHING) -> None:
        """Add `energy` to the metric, without the part of it that was `counted` before."""
        for part, kind in PARTS.items():
            joules = _beyond(getattr(energy, part), getattr(counted, part))
            if joules is not None:
                told = {
                    "hw.type": kind,
                    "hw.id": kind,
                    "flyball.energy.method": energy.method or "",
                }
                self._energy.add(joules, told)
        estimated_j = _beyond(energy.estimated_j, counted.estimated_j)
        if estimated_j is not None:
            told = {"hw.type": "cpu", "hw.id": "process", "flyball.energy.method": "estimated"}
            self._energy.add(estimated_j, told)


def _beyond(joules: float | None, counted: float | None) -> float | None:
    """What goes beyond what was counted before; `None` where nothing does."""
    if joules is None or joules == counted:
        return None
    new = joules - (counted or 0.0)
    return new if new >= 0 else None


def spent(spend: Spend) -> Attributes:
    """A spend's energy and cost; what is unknown is left out."""
    energy, usage, told = spend.energy, spend.usage, Attributes()
    if energy.joules is not None:
        told["flyball.energy.joules"] = energy.joules
    if energy.joules is not None and energy.joules_method is not None:
        told["flyball.energy.method"] = energy.joules_method
    if energy.unknown:
        told["flyball.energy.unknown"] = "; ".join(energy.unknown)
    if not usage.unpriced_requests:
        told["flyball.cost.usd"] = float(usage.cost_usd)
    return told


def _windows(step: Step) -> Iterator[tuple[str, Attributes, Spend]]:
    usage = step.policy_spend.usage
    if usage.requests or step.policy_spend.seconds:
        chat: Attributes = {
            "gen_ai.operation.name": "chat",
            "gen_ai.usage.input_tokens": usage.input_tokens,
            "gen_ai.usage.output_tokens": usage.output_tokens,
            "gen_ai.usage.cache_read.input_tokens": usage.cached_tokens,
        }
        if usage.reasoning_tokens is not None:
            chat["gen_ai.usage.reasoning.output_tokens"] = usage.reasoning_tokens
        yield f"chat {step.policy}", chat, step.policy_spend
    judged: Attributes = {
        "flyball.ruling": step.decision.ruling.value,
        "flyball.ruled_by": step.decision.by,
    }
    yield "supervise", judged, step.monitor_spend
    if step.tool_spend.seconds:
        tool: Attributes = {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": step.action.tool,
        }
        yield f"execute_tool {step.action.tool}", tool, step.tool_spend


@cache
def _open(endpoint: str) -> tuple[Any, Any, tuple[Any, Any]]:
    """The same for the same endpoint: its threads end with the process."""
    # Loaded where it is wanted: it takes a fifth of a second, and is an extra.
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import (  # noqa: PLC0415
        OTLPMetricExporter,
    )
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
        OTLPSpanExporter,
    )
    from opentelemetry.sdk.metrics import MeterProvider  # noqa: PLC0415
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader  # noqa: PLC0415
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    resource = Resource.create({"service.name": "flyball"})
    spans = TracerProvider(resource=resource)
    spans.add_span_processor(
        BatchSpanProcessor(OTLPSpanExporter(f"{endpoint}/v1/traces", timeout=2))
    )
    reader = PeriodicExportingMetricReader(OTLPMetricExporter(f"{endpoint}/v1/metrics", timeout=2))
    metrics = MeterProvider([reader], resource=resource)
    energy = metrics.get_meter("flyball").create_counter(
        "hw.energy", unit="J", description="Energy consumed by the component."
    )
    return spans.get_tracer("flyball"), energy, (spans, metrics)
