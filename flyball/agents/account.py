"""Tell a run to a model: one entry a step, that never changes once it is written.

Old observations are masked: of each there remains what it changed, in a line. What is
told of a step depends on what went before and on what came of it, and on nothing later, so
that the account grows at its end, and a cache of the prompt's beginning stays good.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from flyball.records import Action, HandOver, Observation, Ruling, Step, Trajectory
from flyball.tools.page import parse

VOICES = ("governor", "human")
"""Sources of observations that say something and show nothing."""
NOT_SHOWN = (*VOICES, "task", "invalid")
LONGEST_THOUGHT = 240
LONGEST_ARGUMENTS = 240
LONGEST_LINE = 160
LONGEST_OBSERVATION = 30_000
NEWS = 2
"""How many of the things that are new on a page are named."""


def account(trajectory: Trajectory, observation: Observation, *, shown: int = 1) -> str:
    """Tell every step and what came of it; what the last `shown` of them showed in full.

    The newest observation is not in it. Answers that could not be read are left out: a
    model that is shown its own errors makes more of them. What went before a compact hand-over is
    told as its report tells it.
    """
    steps = trajectory.steps
    results = results_of(steps, observation)
    in_full = [each for each in results if each.source not in NOT_SHOWN][-shown:-1]
    taken_over = newest_hand_over(steps)
    begin, report = (taken_over[0] + 1, taken_over[1].text) if taken_over else (0, "")
    entries: list[str] = []
    for index, (step, result) in enumerate(zip(steps, results, strict=True)):
        if index < begin or step.action.tool == "invalid":
            continue
        told = entry(len(entries) + 1, step, result, newest_shown(steps[: index + 1]))
        full = any(result is each for each in in_full)
        entries.append(f"{told}\n{whole(result)}" if full else told)
    return "\n".join([report, *entries] if report else entries)


def results_of(steps: Sequence[Step], observation: Observation) -> list[Observation]:
    """What came of each step: what the next one observed."""
    return [*(step.observation for step in steps), observation][1:]


def newest_hand_over(steps: Sequence[Step]) -> tuple[int, HandOver] | None:
    """The newest compact hand-over, and the step after which it was; `None` where all is told."""
    for index in range(len(steps) - 1, -1, -1):
        given = steps[index].hand_over
        if given is not None:
            return (index, given) if given.kind == "compact" else None
    return None


def in_context(steps: Sequence[Step]) -> list[int]:
    """Which steps the policy at work is told of: what it took over, and what came since."""
    taken_over = newest_hand_over(steps)
    index, told = (taken_over[0], taken_over[1].told) if taken_over else (-1, ())
    context = list(told)
    for place in range(index + 1, len(steps)):
        context.append(place)
        recovery = steps[place].recovery
        if recovery is not None and recovery.done:  # what was taken back did not happen
            context = [each for each in context if each < recovery.to]
    return context


def newest_shown(steps: Sequence[Step], newest: Observation | None = None) -> Observation | None:
    """Give the newest observation that shows something; `None` while there is none."""
    seen = [*(step.observation for step in steps), *([newest] if newest else [])]
    return next((each for each in reversed(seen) if each.source not in NOT_SHOWN), None)


def whole(observation: Observation) -> str:
    """Give all of an observation, but for the middle of one that no context would hold."""
    text = observation.text
    if len(text) <= LONGEST_OBSERVATION:
        return text
    half = LONGEST_OBSERVATION // 2
    gone = len(text) - 2 * half
    return f"{text[:half]}\n... {gone} characters left out ...\n{text[-half:]}"


def called(action: Action, before: Observation | None) -> str:
    """Tell an action: `fill {"element": 2, "text": "x"} (textbox "Name")`."""
    arguments = {key: value for key, value in action.arguments.items() if key != "target"}
    told = f"{action.tool} {_cut(json.dumps(arguments, ensure_ascii=False), LONGEST_ARGUMENTS)}"
    number = arguments.get("element")
    if number is None or before is None:
        return told
    labels = [entry.label for entry in parse(before.text) if entry.number == number]
    return f"{told} ({labels[0]})" if labels else told


def entry(number: int, step: Step, result: Observation, before: Observation | None) -> str:
    """Tell a step and what came of it; `before` is what it was decided on."""
    thought = _cut(" ".join(step.action.thought.split()), LONGEST_THOUGHT)
    did = f"{called(step.action, before)} -> {_outcome(step, result, before)}"
    return f"{number}. {thought}\n   {did}" if thought else f"{number}. {did}"


def _outcome(step: Step, result: Observation, before: Observation | None) -> str:
    if step.decision.ruling in (Ruling.REVISE, Ruling.ESCALATE, Ruling.STOP):
        back = bool(step.recovery and step.recovery.done)
        undone = "; what was done since the last check was taken back" if back else ""
        return f"not carried out: {_line(step.decision.reason)}{undone}"
    if result.source in VOICES:
        return f"{result.source}: {_line(result.text)}"
    note = _line(result.note)
    if not result.ok:
        return f"failed: {note or _line(result.text)}"
    came = _news(before, result) if result.text.startswith("url ") else _digest(result.text)
    return f"{note}; {came}" if note else came


def _news(before: Observation | None, after: Observation) -> str:
    """Say what an action changed on a page."""
    old = before.text if before else ""
    if old == after.text:
        return "nothing changed on the page"
    address, title, *_ = [*after.text.splitlines(), ""]
    if address not in old.splitlines():
        return f"now at {address.removeprefix('url ')}, {title}".removesuffix(", ")
    known = {replace(entry, number=None).line for entry in parse(old)}
    lines = [replace(entry, number=None).line for entry in parse(after.text)]
    news = [line for line in lines if line not in known]
    if not news:
        return "nothing new on the page"
    more = f" and {len(news) - NEWS} more" if len(news) > NEWS else ""
    return f"new on the page: {', '.join(map(_line, news[:NEWS]))}{more}"


def _digest(text: str) -> str:
    lines = text.strip().splitlines()
    if not lines:
        return "no output"
    return _line(lines[0]) if len(lines) == 1 else f"{_line(lines[0])} ({len(lines)} lines)"


def _line(text: str) -> str:
    return _cut(" ".join(text.split()), LONGEST_LINE)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 3]}..."
