"""OpenTelemetry spans as JSON: OTLP, or a list of spans; OpenInference's names, or GenAI's.

A trace is a run. A span in which a model answered is a step, and the tool spans that begin before
the next one are what it led to. Spans say nothing of success unless the root has `flyball.success`.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from flyball.errors import ConfigError
from flyball.ledger.imports.records import EPOCH, Imported, Turn, make_steps, text_of, typed
from flyball.records import Action, Run, Spend, Task, Usage

ANSWERING = {"LLM", "chat", "text_completion", "generate_content"}
ACTING = {"TOOL", "execute_tool"}


class Span(NamedTuple):
    trace: str
    id: str
    parent: str
    name: str
    begins: datetime | None
    ends: datetime | None
    failed: bool
    attributes: Mapping[str, Any]

    @property
    def kind(self) -> str:
        named = self.attributes
        return text_of(named.get("openinference.span.kind") or named.get("gen_ai.operation.name"))

    def first(self, *names: str) -> Any:
        """The first of these attributes that there is."""
        return next((self.attributes[name] for name in names if name in self.attributes), None)


def is_one(document: object) -> bool:
    """Whether this document, or a line of it, holds spans."""
    if isinstance(document, list):
        return bool(document) and is_one(document[0])
    return isinstance(document, Mapping) and (
        "resourceSpans" in document or ("attributes" in document and _trace(document) != "")
    )


def read(document: object, where: str) -> Iterator[Imported]:
    """The runs of a document, in the order of their first spans. Raises `ConfigError`."""
    traces = defaultdict[str, list[Span]](list)
    for place, (given, around) in enumerate(_spans(document)):
        span = _span(given, around, f"{where}, span {place}")
        traces[span.trace].append(span)
    for trace, spans in traces.items():
        if imported := _imported(trace, sorted(spans, key=lambda span: span.begins or EPOCH)):
            yield imported


def _spans(document: object) -> Iterator[tuple[object, Mapping[str, Any]]]:
    """Each span with the attributes of the resource that it came from."""
    if isinstance(document, list):
        for each in document:
            yield from _spans(each)
    elif isinstance(document, Mapping) and "resourceSpans" in document:
        for resource in document["resourceSpans"]:
            around = _flat((resource.get("resource") or {}).get("attributes") or {})
            for scope in resource.get("scopeSpans") or ():
                yield from ((span, around) for span in scope.get("spans") or ())
    else:
        yield document, {}


def _span(given: object, around: Mapping[str, Any], where: str) -> Span:
    record = typed(given, "span", dict, where)
    trace = _trace(record)
    if not trace:
        raise ConfigError(f"{where}: it names no trace")
    context = record.get("context") or {}
    status = record.get("status") or record.get("status_code") or ""
    return Span(
        trace=trace,
        id=text_of(record.get("spanId") or context.get("span_id")),
        parent=text_of(record.get("parentSpanId") or record.get("parent_id")),
        name=text_of(record.get("name")),
        begins=_moment(record.get("startTimeUnixNano") or record.get("start_time"), where),
        ends=_moment(record.get("endTimeUnixNano") or record.get("end_time"), where),
        failed="ERROR" in str(status).upper()
        or (isinstance(status, dict) and status.get("code") == 2),
        attributes={**around, **_flat(record.get("attributes") or {})},
    )


def _trace(record: Mapping[str, Any]) -> str:
    context = record.get("context")
    nested = context.get("trace_id") if isinstance(context, Mapping) else None
    return text_of(record.get("traceId") or record.get("trace_id") or nested)


def _flat(attributes: object) -> dict[str, Any]:
    """OTLP's list of keys and typed values, or a plain object that may be nested, as one level."""
    if isinstance(attributes, list):
        return {each["key"]: _value(each.get("value")) for each in attributes if "key" in each}
    flat = dict[str, Any]()
    for key, value in attributes.items() if isinstance(attributes, Mapping) else ():
        if isinstance(value, Mapping):
            flat |= {f"{key}.{name}": each for name, each in _flat(value).items()}
        else:
            flat[key] = value
    return flat


def _value(value: object) -> Any:
    if not isinstance(value, Mapping):
        return value
    if "arrayValue" in value:
        return [_value(each) for each in value["arrayValue"].get("values") or ()]
    plain = next(iter(value.values()), None)
    return int(plain) if "intValue" in value and isinstance(plain, str) else plain


def _moment(value: object, where: str) -> datetime | None:
    try:
        if value is None:
            return None
        if isinstance(value, int) or str(value).isdigit():
            return EPOCH + timedelta(microseconds=int(str(value)) / 1_000)
        moment = datetime.fromisoformat(str(value))
    except (ValueError, OverflowError) as error:
        raise ConfigError(f"{where}: {value!r} is no time") from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _imported(trace: str, spans: Sequence[Span]) -> Imported | None:
    """The run that a trace tells of; `None` where no model answered in it."""
    answers = [span for span in spans if span.kind in ANSWERING]
    if not answers:
        return None
    ids = {span.id for span in spans}
    root = next((span for span in spans if span.parent not in ids), spans[0])
    model = text_of(answers[0].first("llm.model_name", "gen_ai.request.model")) or "unknown"
    success = root.first("flyball.success")
    task = Task(
        id=text_of(root.first("flyball.task.id")) or root.name or trace,
        prompt=text_of(root.first("input.value", "gen_ai.prompt")),
        suite=text_of(root.first("service.name")) or "spans",
        metadata={"unrecorded": "joules"},
    )
    run = Run(
        id=trace,
        task=task,
        agent=text_of(root.first("gen_ai.agent.name")) or root.name,
        policy=model,
        status="failed" if root.failed else "finished",
        ended_by="policy",
        answer=text_of(root.first("output.value")) or None,
        score=float(success) if isinstance(success, bool) else None,
        started_at=root.begins or EPOCH,
        ended_at=root.ends,
    )
    return Imported(run, make_steps(task, model, list(_turns(answers, spans))))


def _turns(answers: Sequence[Span], spans: Sequence[Span]) -> Iterator[Turn]:
    acts = [span for span in spans if span.kind in ACTING]
    for place, answer in enumerate(answers):
        begins = answer.begins or EPOCH
        until = answers[place + 1].begins if place + 1 < len(answers) else None
        mine = [act for act in acts if _between(act.begins, begins, until)]
        text = text_of(answer.first("output.value", "gen_ai.completion"))
        yield Turn(
            action=_action(mine, text),
            result="\n".join(text_of(act.first("output.value")) for act in mine) if mine else None,
            ok=not any(act.failed for act in mine),
            spend=Spend(seconds=_seconds(answer), usage=_usage(answer)),
        )


def _between(when: datetime | None, begins: datetime, until: datetime | None) -> bool:
    return when is not None and begins <= when and (until is None or when < until)


def _action(acts: Sequence[Span], text: str) -> Action:
    """What was called; an answer that called nothing is the run's answer, or talk."""
    if not acts:
        return Action(tool="finish", arguments={"answer": text}, text=text)
    first = acts[0]
    given = first.first("tool.parameters", "input.value", "gen_ai.tool.call.arguments")
    tool = text_of(first.first("tool.name", "gen_ai.tool.name")) or first.name
    if len(acts) > 1:
        others = [text_of(act.first("tool.name", "gen_ai.tool.name")) for act in acts[1:]]
        return Action(tool=tool, arguments={**_arguments(given), "also": others}, text=text)
    return Action(tool=tool, arguments=_arguments(given), text=text)


def _arguments(given: object) -> dict[str, object]:
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except ValueError:
            return {"input": given}
    if given is None:
        return {}
    return dict(given) if isinstance(given, Mapping) else {"input": given}


def _usage(span: Span) -> Usage:
    sent = span.first("llm.token_count.prompt", "gen_ai.usage.input_tokens")
    written = span.first("llm.token_count.completion", "gen_ai.usage.output_tokens")
    counts = [each if isinstance(each, int) and each > 0 else 0 for each in (sent, written)]
    return Usage(requests=1, unpriced_requests=1, input_tokens=counts[0], output_tokens=counts[1])


def _seconds(span: Span) -> float:
    if span.begins is None or span.ends is None:
        return 0.0
    return max(0.0, (span.ends - span.begins).total_seconds())
