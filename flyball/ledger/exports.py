"""Runs as OpenInference spans (https://arize-ai.github.io/openinference/spec/), in OTLP's JSON.

The run is an AGENT span. Each step is an LLM span and, where its action was carried out, a TOOL
span. Steps keep no moments, only how long each part took: spans begin one after another from the
run's start, and what was waited for between them is not seen. `flyball import` reads them back.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from flyball.records import Ruling, Run, Spend, Step, Trajectory

NANO = 1_000_000_000
OK, ERROR = {"code": 1}, {"code": 2}
INTERNAL = 1
Span = dict[str, Any]


def run_to_spans(run: Run, steps: Sequence[Step]) -> list[Span]:
    """The spans of a run, the run's own first, in OTLP's JSON."""
    trace, root = _digest(run.id, 16), _digest(f"{run.id}/run", 8)
    begun = int(run.started_at.timestamp() * NANO)
    made, now = list[Span](), begun
    for step in steps:
        for span, seconds in _step_spans(run, step, steps):
            end = now + int(seconds * NANO)
            made.append(_placed(span, trace, root, now, end))
            now = end
    ended = int(run.ended_at.timestamp() * NANO) if run.ended_at else now
    whole = _placed(_run_span(run, steps), trace, "", begun, max(ended, now))
    return [{**whole, "spanId": root}, *made]


def spans_to_otlp(spans: Iterable[Span], *, service: str = "flyball") -> dict[str, Any]:
    """One document for any OTLP receiver: POST it to `/v1/traces`."""
    scope = {"scope": {"name": "flyball"}, "spans": list(spans)}
    resource = {"attributes": _attributes({"service.name": service})}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [scope]}]}


def _run_span(run: Run, steps: Sequence[Step]) -> Span:
    spend = Trajectory(task=run.task, steps=tuple(steps)).spend
    told = {
        "openinference.span.kind": "AGENT",
        "gen_ai.agent.name": run.agent or "agent",
        "session.id": run.id,
        "input.value": run.task.prompt,
        "output.value": run.answer,
        "flyball.task.id": run.task.id,
        "flyball.status": run.status,
        "flyball.ended_by": run.ended_by,
        "flyball.reason": run.reason,
        "flyball.success": run.success,
        **_cost(spend),
    }
    failed = run.status == "failed"
    return _span(run.task.id, told, f"{run.id}/run", failed=run.reason if failed else "")


def _step_spans(run: Run, step: Step, steps: Sequence[Step]) -> Iterator[tuple[Span, float]]:
    usage, action, decision = step.policy_spend.usage, step.action, step.decision
    told = {
        "openinference.span.kind": "LLM",
        "llm.model_name": step.policy,
        "llm.token_count.prompt": usage.input_tokens,
        "llm.token_count.prompt_details.cache_read": usage.cached_tokens,
        "llm.token_count.completion": usage.output_tokens,
        "llm.token_count.total": usage.input_tokens + usage.output_tokens,
        "input.value": step.observation.text,
        "output.value": action.text or _answer(action.arguments),
        "flyball.step": step.index,
        "flyball.ruling": str(decision.ruling),
        "flyball.ruling.by": decision.by,
        "flyball.ruling.reason": decision.reason,
        "flyball.not_obeyed": step.unobeyed,
        **_cost(step.policy_spend + step.monitor_spend),
    }
    seconds = step.policy_spend.seconds + step.monitor_spend.seconds
    yield _span(step.policy, told, f"{run.id}/{step.index}/llm", failed=step.fault), seconds
    if _carried_out(step):
        after = steps[step.index + 1 : step.index + 2]
        seen = after[0].observation if after else None
        result = {
            "openinference.span.kind": "TOOL",
            "tool.name": action.tool,
            "tool.parameters": json.dumps(dict(action.arguments), default=str),
            "output.value": None if seen is None else seen.text,
            "flyball.step": step.index,
            **_cost(step.tool_spend),
        }
        failed = "" if seen is None or seen.ok else seen.note or "it failed"
        span = _span(action.tool, result, f"{run.id}/{step.index}/tool", failed=failed)
        yield span, step.tool_spend.seconds


def _carried_out(step: Step) -> bool:
    final = step.action.is_final or step.action.tool == "invalid"
    return not final and (step.decision.ruling is Ruling.CONTINUE or bool(step.unobeyed))


def _cost(spend: Spend) -> dict[str, object]:
    energy, usage = spend.energy, spend.usage
    return {
        "flyball.energy.joules": energy.joules,
        "flyball.energy.method": energy.joules_method,
        "flyball.cost.usd": None if usage.unpriced_requests else float(usage.cost_usd),
    }


def _span(name: str, told: Mapping[str, object], key: str, *, failed: str) -> Span:
    status = {**ERROR, "message": failed} if failed else OK
    return {
        "spanId": _digest(key, 8),
        "name": name,
        "kind": INTERNAL,
        "attributes": _attributes(told),
        "status": status,
    }


def _placed(span: Span, trace: str, parent: str, begins: int, ends: int) -> Span:
    placed = {"traceId": trace, **span, "startTimeUnixNano": str(begins)}
    placed["endTimeUnixNano"] = str(ends)
    return {**placed, "parentSpanId": parent} if parent else placed


def _attributes(told: Mapping[str, object]) -> list[dict[str, Any]]:
    """What is unknown or empty is left out."""
    return [
        {"key": key, "value": _value(value)}
        for key, value in told.items()
        if value is not None and value != ""
    ]


def _value(value: object) -> dict[str, Any]:
    match value:
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}
        case float():
            return {"doubleValue": value}
        case _:
            return {"stringValue": str(value)}


def _answer(arguments: Mapping[str, object]) -> str:
    return str(arguments.get("answer") or json.dumps(dict(arguments), default=str))


def _digest(text: str, size: int) -> str:
    return hashlib.blake2b(text.encode(errors="replace"), digest_size=size).hexdigest()
