"""What a host's model proposed, and what it cost, as records."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from flyball.records import Action, Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call of a tool, as the model wrote it."""

    name: str
    arguments: str
    id: str = ""


def action_of(
    calls: Sequence[Call],
    text: str,
    *,
    thought: str = "",
    logprobs: tuple[float, ...] | None = None,
    entropies: tuple[float, ...] | None = None,
) -> Action:
    """One action out of an answer: its first call, with the others beside it, or the answer."""
    if not calls:
        return Action(
            tool="finish",
            arguments={"answer": text},
            thought=thought,
            text=text,
            logprobs=logprobs,
            entropies=entropies,
        )
    first, *others = calls
    arguments = arguments_of(first.arguments)
    if others:
        also = [{"tool": each.name, **arguments_of(each.arguments)} for each in others]
        arguments = {**arguments, "also": also}
    return Action(
        tool=first.name,
        arguments=arguments,
        thought=thought or text,
        text=" ".join(f"{each.name} {each.arguments}" for each in calls),
        logprobs=logprobs,
        entropies=entropies,
    )


def arguments_of(written: str) -> dict[str, object]:
    """The arguments of a call; what is no JSON object is the one argument `input`."""
    try:
        value = json.loads(written or "{}")
    except ValueError:
        return {"input": written}
    return value if isinstance(value, dict) else {"input": value}


def usage_of(  # noqa: PLR0913 - one parameter a count
    model: str,
    *,
    sent: int,
    cached: int = 0,
    written: int,
    thought: int | None = None,
    local: bool = False,
    requests: int = 1,
) -> Usage:
    """What a host's model call took, with its price where the list knows the model."""
    usage = Usage(
        requests=requests,
        local_requests=requests if local else 0,
        input_tokens=sent,
        cached_tokens=min(cached, sent),
        output_tokens=written,
        reasoning_tokens=thought,
    )
    return usage if local else priced(usage, model)


def priced(usage: Usage, model: str) -> Usage:
    """Add what remote requests cost, as far as that is known."""
    from flyball.meters.prices import price_usd  # noqa: PLC0415 - psutil comes with the meters

    price = price_usd(usage, model=model) if usage.input_tokens or usage.output_tokens else None
    if price is None:
        return replace(usage, unpriced_requests=usage.requests)
    return replace(usage, cost_usd=price)
