"""The bundled policies' own format: one short prompt a step, one short line back.

Training and inference both go through `prompt`, `encode` and `decode`, so that what a
policy was trained on is what it is asked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from flyball.records import Action, Completion, Observation, Request, Step, Trajectory
from flyball.roles import Model, Proposal
from flyball.tools.page import Entry, cut, parse

HISTORY = 6
"""How many of the last actions the prompt tells."""
PAGE_TOKENS = 480
"""How much of the page the prompt shows, in tokens of 3.5 characters; the bundled models'
own tokens are about two thirds of that, and their context is 1,024 of them."""
MAX_TOKENS = 64
SECOND_TRY_TEMPERATURE = 0.8

_ACTION = re.compile(
    r'(?P<tool>click|fill|select) (?P<target>\w+ "[^"\n]*") (?P<element>\d{1,3})'
    r'(?: "(?P<text>[^\n]*)")?'
)
_FINISH = re.compile(r'finish(?: "(?P<answer>[^\n]*)")?')
_TEXT_ARGUMENT = {"fill": "text", "select": "option"}


def prompt(goal: str, lines: Sequence[str], history: Sequence[str]) -> str:
    """Write what the policy is asked. What changes least stands in front."""
    page = [line for line in lines if not line.startswith(("url ", "title ", "tabs "))]
    shown = "\n".join(cut(page, budget_tokens=PAGE_TOKENS))
    return f"{goal}\n{shown}\nlast {' ; '.join(history[-HISTORY:])}\n>"


def encode(action: Action, target: str = "") -> str:
    """Write `action` as the policy should; `target` is its element's `role "name"`."""
    if action.is_final:
        answer = action.arguments.get("answer")
        return f' finish "{answer}"' if answer else " finish"
    line = f" {action.tool} {target} {action.arguments['element']}"
    if argument := _TEXT_ARGUMENT.get(action.tool):
        line += f' "{action.arguments[argument]}"'
    return line


def decode(text: str) -> Action:
    """Read the policy's line; what is not one becomes the tool `invalid`."""
    line = text.strip()
    if match := _FINISH.fullmatch(line):
        answer = match["answer"]
        return Action(tool="finish", arguments={"answer": answer} if answer else {}, text=line)
    match = _ACTION.fullmatch(line)
    argument = _TEXT_ARGUMENT.get(match["tool"]) if match else None
    if match is None or (argument is None) != (match["text"] is None):
        why = "the answer is not an action of the compact format"
        return Action(tool="invalid", arguments={"why": why}, text=line)
    arguments: dict[str, object] = {"element": int(match["element"]), "target": match["target"]}
    if argument:
        arguments[argument] = match["text"]
    return Action(tool=match["tool"], arguments=arguments, text=line)


def summary(action: Action, page: Sequence[Entry], *, ok: bool = True) -> str:
    """Tell an action in a few words, for the history: `click "Login"`."""
    number = action.arguments.get("element")
    names = [entry.name or entry.role for entry in page if entry.number == number]
    told = f'{action.tool} "{names[0]}"' if names and number is not None else action.tool
    return told if ok else f"failed {told}"


def history(steps: Sequence[Step], observation: Observation) -> list[str]:
    """Tell the last actions of a run, with what came of them."""
    results = [step.observation for step in steps[1:]] + [observation]
    recent = list(zip(steps, results, strict=False))[-HISTORY:]
    return [
        summary(step.action, parse(page_of(steps[: step.index + 1]).text), ok=result.ok)
        for step, result in recent
    ]


def page_of(steps: Sequence[Step], newest: Observation | None = None) -> Observation:
    """Give the newest observation that shows a page rather than the governor's word."""
    seen = [step.observation for step in steps] + ([newest] if newest else [])
    pages = (each for each in reversed(seen) if each.source not in ("governor", "human"))
    return next(pages, seen[-1])


class CompactPolicy:
    """Drives with a model that was trained on the compact format."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self.name = model.name

    async def propose(self, trajectory: Trajectory, observation: Observation) -> Proposal:
        steps = trajectory.steps
        page = page_of(steps, observation)
        told = history(steps, observation)
        refused = observation.source == "governor"
        completion = await self._model.complete(
            Request(
                prompt=prompt(trajectory.task.prompt, page.text.splitlines(), told),
                max_tokens=MAX_TOKENS,
                # A greedy model that was told no would only say the same again.
                temperature=SECOND_TRY_TEMPERATURE if refused else 0.0,
                seed=len(steps) if refused else None,
                stop=("\n",),
            )
        )
        return Proposal(_action(completion), completion.usage)


def _action(completion: Completion) -> Action:
    action = decode(completion.text)
    return Action(
        tool=action.tool,
        arguments=action.arguments,
        thought=completion.thought,
        text=action.text,
        logprobs=completion.logprobs,
        entropies=completion.entropies,
    )
