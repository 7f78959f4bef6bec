"""Read a model's answer as an action."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping

from flyball.agents.arguments import UnfitError, fit_arguments
from flyball.agents.calls import Call, find_calls, known_name
from flyball.models.answers import split_thought
from flyball.records import Action, Completion, ToolSpec

INVALID = "invalid"


def read_answer(completion: Completion, tools: Mapping[str, ToolSpec]) -> Action:
    """Read `completion` as a call of one of `tools`, by name.

    The first call in it counts: one through the model's own tool-call format, else one
    in the text, in a fence or in prose or neither, as JSON or near it. An answer that
    holds no call that can be carried out becomes an action of the tool `invalid`, with
    the reason under `why`, in a line meant for the model.
    """
    spoken, text = split_thought(completion.text)
    try:
        call = _first_call(completion, text, tools)
        spec = _spec_of(call, tools)
        tool, arguments = spec.name, fit_arguments(spec, call.arguments)
        aloud = call.thought or _aloud(text[: call.start])
    except UnfitError as error:
        tool, arguments, aloud = INVALID, {"why": _why(error, completion)}, ""
    return Action(
        tool=tool,
        arguments=arguments,
        thought="\n".join(part for part in (completion.thought.strip(), spoken, aloud) if part),
        text=_as_written(completion),
        logprobs=completion.logprobs,
        entropies=completion.entropies,
    )


def _first_call(completion: Completion, text: str, tools: Mapping[str, ToolSpec]) -> Call:
    """Take the first call of a tool that exists, else the first of one that does not."""
    first: Call | None = None
    for call in _calls(completion, text, tools):
        if known_name(call.name, tools):
            return call
        first = first or call
    if first is None:
        raise UnfitError(_nothing_found(text, tools))
    return first


def _calls(completion: Completion, text: str, tools: Mapping[str, ToolSpec]) -> Iterator[Call]:
    for asked in completion.tool_calls:
        yield Call(name=asked.name, arguments=asked.arguments, start=len(text))
    yield from find_calls(text, tools, mend_end=completion.finish != "length")


def _spec_of(call: Call, tools: Mapping[str, ToolSpec]) -> ToolSpec:
    if name := known_name(call.name, tools):
        return tools[name]
    shown = call.name[:40]
    close = difflib.get_close_matches(call.name, tools, n=1)
    hint = f"did you mean {close[0]}?" if close else f"there are: {', '.join(tools)}"
    raise UnfitError(f"there is no tool {shown!r}; {hint}")


def _why(error: UnfitError, completion: Completion) -> str:
    if completion.finish == "length":
        return "the answer was cut off before its call was complete; think less and answer shorter"
    return str(error)


def _nothing_found(text: str, offered: Iterable[str]) -> str:
    if not text.strip():
        return f"the answer was empty; call one of: {', '.join(offered)}"
    return f"the answer held no call of a tool; call one of: {', '.join(offered)}"


def _aloud(prose: str) -> str:
    """What was said before a call, without the fence or the mark that the call stands in."""
    return prose.strip().removesuffix("```json").rstrip("`[").removesuffix("<tool_call>").strip()


def _as_written(completion: Completion) -> str:
    calls = [f"{call.name} {call.arguments}" for call in completion.tool_calls]
    return "\n".join(part for part in (completion.text, *calls) if part)
