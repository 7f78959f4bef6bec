"""What a collector on loopback is told of runs, over OTLP/HTTP."""

from __future__ import annotations

import asyncio
import gzip
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import genai_prices.data
import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes, hw_attributes
from opentelemetry.semconv._incubating.metrics.hw_metrics import HW_ENERGY

from flyball import Energy, Observation, Spend, Step, Task, Usage, telemetry
from flyball.agents import assemble, attempt, new_run
from flyball.config import Config
from flyball.config.tables import ModelTable, Tables, TelemetryTable
from flyball.errors import ConfigError
from flyball.ledger import MEMORY, Ledger
from flyball.meters import NoMeter
from flyball.telemetry import Telemetry, spent
from flyball.testing import EchoTool, ScriptedPolicy
from tests.conftest import DONE, ECHO

STEP = Step(index=0, policy="small", observation=Observation(source="s", text="t"), action=ECHO)


class Collector:
    """Keeps what it is sent."""

    def __init__(self) -> None:
        self.spans: list[Any] = []
        self.points: list[Any] = []

    def take(self, path: str, body: bytes) -> None:
        if path == "/v1/traces":
            traces = ExportTraceServiceRequest.FromString(body)
            for resource in traces.resource_spans:
                for scope in resource.scope_spans:
                    self.spans += scope.spans
        else:
            metrics = ExportMetricsServiceRequest.FromString(body)
            for resource in metrics.resource_metrics:
                for scope in resource.scope_metrics:
                    self.points += [
                        (metric.name, metric.unit, point)
                        for metric in scope.metrics
                        for point in metric.sum.data_points
                    ]


@contextmanager
def collecting() -> Iterator[tuple[str, Collector]]:
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            collector.take(self.path, body)
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", collector
        finally:
            server.shutdown()
            thread.join()


def named(told: Any) -> dict[str, Any]:
    values = {each.key: each.value for each in told.attributes}
    return {key: getattr(value, value.WhichOneof("value")) for key, value in values.items()}


class Clockwork:
    def read(self) -> Energy:
        return Energy(cpu_j=50 * time.perf_counter(), gpu_j=1.0, method="counter")


def carry_out(
    endpoint: str | None,
    meter: Any = None,
    models: dict[str, ModelTable] | None = None,
    earlier: Spend | None = None,
) -> Any:
    """Two steps, of which the second is the answer; `earlier` is an attempt's idling before."""
    told = TelemetryTable(otlp=endpoint)
    config = Config(tables=Tables(telemetry=told, models=models or {}))
    policy = ScriptedPolicy([ECHO, DONE], name="small")
    crew = assemble(config, {"small": policy}, {"echo": EchoTool()}, meter=meter or Clockwork())
    run = new_run(Task(id="greet", prompt="secret words"), crew, agent="web", policy="small")
    run = replace(run, idle=earlier, total=earlier)
    with Ledger(MEMORY) as ledger:
        seen = Observation(source="task", text="secret words")
        ended = asyncio.run(attempt(run, crew, ledger, observation=seen))
    if crew.telemetry is not None:
        crew.telemetry.close()
    return ended


def test_a_run_is_a_span_with_a_span_for_each_window():
    with collecting() as (endpoint, collector):
        ended = carry_out(endpoint)
    by_name = {span.name: span for span in collector.spans}
    assert sorted(span.name for span in collector.spans) == [
        "chat small",
        "chat small",
        "execute_tool echo",
        "invoke_agent web",
        "supervise",
        "supervise",
    ]
    root = by_name["invoke_agent web"]
    assert {span.parent_span_id for span in collector.spans} == {b"", root.span_id}
    told = named(root)
    assert told["gen_ai.operation.name"] == "invoke_agent"
    assert told["gen_ai.request.model"] == "small"
    assert told["flyball.energy.joules"] == pytest.approx(ended.total.energy.joules)
    assert told["flyball.energy.method"] == "counter"
    chat = named(by_name["chat small"])
    assert chat["gen_ai.usage.input_tokens"] == 10
    assert chat["flyball.energy.joules"] > 0
    assert "flyball.cost.usd" not in chat  # nothing prices a scripted policy
    assert named(by_name["execute_tool echo"])["gen_ai.tool.name"] == "echo"
    assert named(by_name["supervise"])["flyball.ruling"] == "continue"


def test_the_metric_of_energy_adds_up_to_the_runs_total_in_joules():
    with collecting() as (endpoint, collector):
        ended = carry_out(endpoint)
    assert {(name, unit) for name, unit, _ in collector.points} == {("hw.energy", "J")}
    cpu = [point.as_double for _, _, point in collector.points if named(point)["hw.type"] == "cpu"]
    assert max(cpu) == pytest.approx(ended.total.energy.cpu_j, rel=1e-3)


def test_what_an_earlier_attempt_told_of_is_not_counted_again_after_a_resume():
    earlier = Spend(seconds=9.0, energy=Energy(cpu_j=1000.0, dram_j=5.0, method="counter"))
    with collecting() as (endpoint, collector):
        ended = carry_out(endpoint, earlier=earlier)
    told = {named(point)["hw.type"]: point.as_double for _, _, point in collector.points}
    assert ended.idle.energy.cpu_j > 1000.0
    assert told["cpu"] == pytest.approx(ended.total.energy.cpu_j - 1000.0, rel=1e-3)
    # This attempt read no memory, and the earlier one no GPU.
    assert "memory" not in told
    assert told["gpu"] == 0.0


def provided(models: dict[str, ModelTable]) -> dict[str, Any]:
    with collecting() as (endpoint, collector):
        carry_out(endpoint, models=models)
    return {span.name: named(span).get("gen_ai.provider.name") for span in collector.spans}


@pytest.mark.parametrize(
    ("model", "provider"),
    [
        (ModelTable(server="https://api.openai.com/v1"), "openai"),
        (ModelTable(server="https://api.mistral.ai/v1"), "mistral_ai"),
        (ModelTable(server="http://127.0.0.1:8080/v1", provider="x-ai"), "x_ai"),
        (ModelTable(gguf="model.gguf"), "llama.cpp"),
    ],
)
def test_the_provider_is_told_where_it_is_known(model, provider):
    told = provided({"small": model})
    assert {told["invoke_agent web"], told["chat small"]} == {provider}
    assert {told["supervise"], told["execute_tool echo"]} == {None}


def test_a_provider_that_nobody_knows_is_left_out():
    assert set(provided({"small": ModelTable(server="http://127.0.0.1:8080/v1")}).values()) == {
        None
    }
    assert set(provided({}).values()) == {None}


def test_providers_have_the_names_of_the_conventions():
    known = {each.value for each in gen_ai_attributes.GenAiProviderNameValues}
    assert set(telemetry.PROVIDERS.values()) <= known
    listed = {provider.id for provider in genai_prices.data.providers}
    assert set(telemetry.PROVIDERS) <= listed


def test_what_was_said_and_seen_is_not_sent():
    with collecting() as (endpoint, collector):
        carry_out(endpoint)
    assert collector.spans
    assert "secret words" not in str(collector.spans)


def test_what_is_unknown_is_left_out_and_says_why():
    with collecting() as (endpoint, collector):
        carry_out(endpoint, NoMeter())
    for told in map(named, collector.spans):
        assert "flyball.energy.joules" not in told
    assert collector.points == []
    assert any("flyball.energy.unknown" in named(span) for span in collector.spans)


def test_a_price_that_is_known_is_told_in_dollars():
    usage = Usage(requests=1, cost_usd="0.25")
    assert spent(Spend(usage=replace(usage)))["flyball.cost.usd"] == 0.25


def test_it_is_off_unless_a_collector_is_named():
    assert carry_out(None).status == "finished"
    assert Tables().telemetry.otlp is None


def test_a_collector_that_is_down_does_not_break_a_run():
    assert carry_out("http://127.0.0.1:9").status == "finished"


def test_a_missing_package_is_one_line_with_its_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(ConfigError, match=r"pip install 'flyball\[otel\]'"):
        Telemetry("http://127.0.0.1:7")


def test_all_names_but_our_own_are_those_of_the_conventions():
    known = {HW_ENERGY}
    for names in (gen_ai_attributes, hw_attributes):
        known |= {getattr(names, name) for name in dir(names) if name.startswith(("GEN_AI", "HW_"))}
    text = Path(telemetry.__file__).read_text()
    used = set(re.findall(r'"((?:gen_ai|hw)\.[a-z_.]+)"', text))
    assert len(used) > 10
    assert used <= known
    kinds = {kind.value for kind in hw_attributes.HwTypeValues}
    assert set(telemetry.PARTS.values()) <= kinds
    operations = {each.value for each in gen_ai_attributes.GenAiOperationNameValues}
    assert set(re.findall(r'operation.name": "([a-z_]+)"', text)) <= operations


def test_thinking_is_told_apart_where_it_is_known():
    thought = Spend(usage=Usage(requests=1, output_tokens=9, reasoning_tokens=4))
    told = next(telemetry._windows(replace(STEP, policy_spend=thought)))[1]
    assert told["gen_ai.usage.reasoning.output_tokens"] == 4
    silent = Spend(usage=Usage(requests=1, output_tokens=9))
    told = next(telemetry._windows(replace(STEP, policy_spend=silent)))[1]
    assert "gen_ai.usage.reasoning.output_tokens" not in told
