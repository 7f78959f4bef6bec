"""The bundled policies' format for code: the source and its tests in, one short line back.

As with the web's format, training and inference both go through `prompt`, `encode`, `decode` and
`history`. `replace` is an exact edit on one line, `test` runs the visible tests, `revert` goes back
to before the last edit, and `finish` ends the run.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Sequence
from dataclasses import replace

from flyball.agents.account import in_context, results_of
from flyball.agents.compact import HISTORY, SECOND_TRY_TEMPERATURE
from flyball.records import Action, Observation, Request, Step, Trajectory
from flyball.roles import Model, Proposal
from flyball.tools.page import cut

SOURCE_TOKENS = 900
"""How much of the source the prompt shows, in tokens of 3.5 characters."""
MAX_TOKENS = 64

_STRING = r'"(?:[^"\\\x00-\x1f]|\\.)*"'
_REPLACE = re.compile(rf"replace (?P<line>[1-9]\d{{0,5}}) (?P<old>{_STRING}) (?P<new>{_STRING})")
_COUNT = re.compile(r"^tests (\d+ of \d+)$", re.MULTILINE)
_BARE = ("test", "revert", "finish")


def prompt(goal: str, lines: Sequence[str], history: Sequence[str]) -> str:
    """Write what the policy is asked.

    `lines` are the numbered source and, behind it, what the last run of the tests said.
    """
    source = [line for line in lines if line[:1].isdigit()]
    tests = [line for line in lines if not line[:1].isdigit()]
    shown = "\n".join([*cut(source, budget_tokens=SOURCE_TOKENS), *tests])
    return f"{goal}\n{shown}\nlast {' ; '.join(history[-HISTORY:])}\n>"


def encode(action: Action) -> str:
    """Write `action` as the policy should."""
    if action.tool in _BARE:
        return f" {action.tool}"
    old, new = (_quoted(action.arguments[name]) for name in ("old", "new"))
    return f" {action.tool} {action.arguments['line']} {old} {new}"


def _quoted(value: object) -> str:
    return json.dumps(str(value), ensure_ascii=False)


def decode(text: str) -> Action:
    """Read the policy's line; what is not one becomes the tool `invalid`."""
    line = text.strip()
    if line in _BARE:
        return Action(tool=line, text=line)
    match = _REPLACE.fullmatch(line)
    try:
        old, new = (json.loads(match[name]) for name in ("old", "new")) if match else ("", "")
    except ValueError:  # an escape that JSON does not know
        old = new = ""
    if match is None or not old.strip() or old == new:
        why = "the answer is not an action of the compact format for code"
        return Action(tool="invalid", arguments={"why": why}, text=line)
    arguments = {"line": int(match["line"]), "old": old, "new": new}
    return Action(tool="replace", arguments=arguments, text=line)


def summary(action: Action, text: str, *, ok: bool = True) -> str:
    """Tell an action in a few words; `text` is what it led to, with the tests' count."""
    told = encode(action).strip() if action.tool == "replace" else action.tool
    count = _COUNT.search(text)
    if action.tool == "test" and count:
        told += f" {count[1]}"
    return told if ok else f"failed {told}"


def history(steps: Sequence[Step], observation: Observation) -> list[str]:
    """Tell the last actions of a run, with what came of them."""
    led_to = results_of(steps, observation)
    recent = [(steps[index].action, led_to[index]) for index in in_context(steps)[-HISTORY:]]
    return [summary(action, after.text, ok=after.ok) for action, after in recent]


class CompactCodePolicy:
    """Drives with a model that was trained on the compact format for code."""

    def __init__(self, model: Model, *, temperature: float = 0.0, seed: int = 0) -> None:
        self._model = model
        self._temperature = temperature
        self._seed = seed
        self.name = model.name

    def warmed(self, temperature: float, seed: int) -> CompactCodePolicy:
        """The same with other draws."""
        warmth = max(temperature, self._temperature)
        return CompactCodePolicy(self._model, temperature=warmth, seed=seed)

    async def propose(self, trajectory: Trajectory, observation: Observation) -> Proposal:
        steps, goal = trajectory.steps, trajectory.task.prompt
        refused = observation.source == "governor" and steps[-1].hand_over is None
        temperature = SECOND_TRY_TEMPERATURE if refused else self._temperature
        draw = zlib.crc32(f"{self._seed}\n{goal}\n{len(steps)}".encode())
        completion = await self._model.complete(
            Request(
                prompt=prompt(goal, source_of(steps, observation), history(steps, observation)),
                max_tokens=MAX_TOKENS,
                temperature=temperature,
                seed=draw if temperature else None,
                stop=("\n",),
            )
        )
        action = decode(completion.text)
        action = replace(action, logprobs=completion.logprobs, entropies=completion.entropies)
        return Proposal(action, completion.usage)


def source_of(steps: Sequence[Step], newest: Observation) -> list[str]:
    """Give the lines of the newest observation that shows a source."""
    seen = [*(step.observation for step in steps), newest]
    shown = (each for each in reversed(seen) if each.text[:2] == "1 ")
    return next(shown, newest).text.splitlines()
