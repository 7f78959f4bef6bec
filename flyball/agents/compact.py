"""The bundled policies' own format: one short prompt a step, one short line back.

Training and inference both go through `prompt`, `encode` and `decode`, so that what a
policy was trained on is what it is asked.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from flyball.agents.account import in_context, results_of
from flyball.agents.marking import fitting, marks
from flyball.records import Action, Completion, Lines, Observation, Request, Step, Trajectory
from flyball.roles import Model, Proposal
from flyball.tools.page import TEXT_ROLES, Entry, parse

HISTORY = 6
"""How many of the last actions the prompt tells."""
MAX_TOKENS = 64
MAX_THOUGHT = 450
"""Most tokens of a line of thought."""
SECOND_TRY_TEMPERATURE = 0.8

WAIT_SECONDS = 1
WAYS = ("up", "down")

_LINE = re.compile(
    r'(?P<tool>\w+)(?: (?P<target>(?:\w+ )?"[^"\n]*") (?P<element>\d{1,3}))?(?: (?P<rest>[^\n]+))?'
)


class _Form(NamedTuple):
    """What follows a tool's name in its line."""

    element: bool | None = False
    """Whether an element is named; `None`: it may be."""
    argument: str = ""
    """The argument that ends the line."""
    rest: str = ""
    """The pattern of that end, where it is not the argument in quotes."""
    optional: bool = False


_FORMS: Mapping[str, _Form] = {
    "click": _Form(True),
    "hover": _Form(True),
    "fill": _Form(True, "text"),
    "select": _Form(True, "option"),
    "press": _Form(None, "key"),
    "type": _Form(False, "text"),
    "scroll": _Form(None, "direction", "(up|down)"),
    "back": _Form(),
    "wait": _Form(),
    "finish": _Form(False, "answer", optional=True),
}


def prompt(
    goal: str, lines: Sequence[str], history: Sequence[str], *, closely: bool = False
) -> str:
    """Write what the policy is asked. What changes least stands in front.

    A policy that thinks reads pages `closely` (see `flyball.agents.marking.marks`).
    """
    kept = fitting(goal, lines, closely=closely)
    shown = "\n".join(map(str.__add__, marks(goal, kept, closely=closely), kept))
    return f"{goal}\n{shown}\nlast {' ; '.join(history[-HISTORY:])}\n>"


def reasoning(prompt: str, thought: str | None = None) -> str:
    """Ask for a line of thought in place of the action; with that `thought`, for the action.

    See Nye et al. 2021, "Show Your Work: Scratchpads for Intermediate Computation".
    """
    asked = prompt.removesuffix(">") + "?"
    return asked if thought is None else f"{asked}{thought}\n>"


def encode(action: Action, target: str = "") -> str:
    """Write `action` as the policy should; `target` is its element's `role "name"`.

    The role is left out. Before the name, it would have to be known before the element is found,
    which a small model cannot do: of made-up lookups it got 61 % right, and 98 % without the role.
    """
    form, words = _FORMS[action.tool], [action.tool]
    if action.arguments.get("element") is not None:
        words.append(f"{target.partition(' ')[2]} {action.arguments['element']}")
    argument = action.arguments.get(form.argument)
    if form.argument and (argument or not form.optional):
        words.append(str(argument) if form.rest else f'"{argument}"')
    return " " + " ".join(words)


def decode(text: str, page: Sequence[Entry] = ()) -> Action:
    """Read the policy's line; what is not one becomes the tool `invalid`.

    The target is what the line says, and `role "name"` where the element on `page` has that name.
    """
    line = text.strip()
    match = _LINE.fullmatch(line)
    arguments = _arguments(match) if match else None
    if match is None or arguments is None:
        why = "the answer is not an action of the compact format"
        return Action(tool="invalid", arguments={"why": why}, text=line)
    for entry in page:
        if entry.number == arguments.get("element") and entry.quoted == match["target"]:
            arguments["target"] = entry.label
    return Action(tool=match["tool"], arguments=arguments, text=line)


def _arguments(match: re.Match[str]) -> dict[str, object] | None:
    """Read a line's arguments; `None` where they are not those of its tool."""
    form = _FORMS.get(match["tool"])
    if form is None or form.element not in (None, match["element"] is not None):
        return None
    arguments: dict[str, object] = {}
    if match["element"]:
        arguments |= {"element": int(match["element"]), "target": match["target"]}
    if match["tool"] == "wait":
        arguments["seconds"] = WAIT_SECONDS
    if match["rest"] is None:
        return arguments if form.optional or not form.argument else None
    rest = re.fullmatch(form.rest or '"(.*)"', match["rest"])
    if not form.argument or rest is None:
        return None
    return arguments | ({form.argument: rest[1]} if rest[1] or not form.optional else {})


def offered(page: Sequence[Entry]) -> Lines:
    """Give every line that can be carried out on `page`, as far as the page tells.

    An element that is covered may be named: what lies over it may have gone by then.
    """
    whole = [encode(Action(tool=tool)) for tool in ("back", "wait", "finish")]
    whole += [f" scroll {way}" for way in WAYS]
    begun = [' press "', ' type "', ' finish "']
    for entry in page:
        if entry.number is None:
            continue
        named = f"{entry.quoted} {entry.number}"
        whole += [f" hover {named}", *(f" scroll {named} {way}" for way in WAYS)]
        if not entry.disabled:
            whole.append(f" click {named}")
            begun.append(f' press {named} "')
            whole += [f' select {named} "{option}"' for option in entry.options]
        if entry.role in TEXT_ROLES and not (entry.disabled or entry.readonly):
            begun.append(f' fill {named} "')
    return Lines(whole=tuple(whole), begun=tuple(begun))


def summary(action: Action, page: Sequence[Entry], *, ok: bool = True) -> str:
    """Tell an action in a few words, for the history: `click "Login"`."""
    number = action.arguments.get("element")
    names = [entry.name or entry.role for entry in page if entry.number == number]
    told = f'{action.tool} "{names[0]}"' if names and number is not None else action.tool
    if action.tool in ("press", "scroll", "type"):  # which key or way is half of what was done
        told += f" {action.arguments.get(_FORMS[action.tool].argument)}"
    return told if ok else f"failed {told}"


def history(steps: Sequence[Step], observation: Observation) -> list[str]:
    """Tell the last actions of a run, with what came of them.

    Of those of an earlier driver only what the hand-over tells: what failed is cleaned out.
    """
    results = results_of(steps, observation)
    return [
        summary(steps[index].action, parse(page_of(steps[: index + 1]).text), ok=results[index].ok)
        for index in in_context(steps)[-HISTORY:]
    ]


def page_of(steps: Sequence[Step], newest: Observation | None = None) -> Observation:
    """Give the newest observation that shows a page rather than the governor's word."""
    seen = [step.observation for step in steps] + ([newest] if newest else [])
    pages = (each for each in reversed(seen) if each.source not in ("governor", "human"))
    return next(pages, seen[-1])


class CompactPolicy:
    """Drives with a model that was trained on the compact format."""

    def __init__(
        self,
        model: Model,
        *,
        temperature: float = 0.0,
        seed: int = 0,
        grammar: bool = True,
        reasons: bool = False,
    ) -> None:
        """With `grammar`, the model can only say what the page offers (`offered`).

        One that `reasons` writes a line of thought first, and the action after it.
        """
        self._model = model
        self._temperature = temperature
        self._seed = f"\n{seed}" if seed else ""
        self._grammar = grammar
        self._reasons = reasons
        self.name = model.name

    async def propose(self, trajectory: Trajectory, observation: Observation) -> Proposal:
        steps = trajectory.steps
        page = page_of(steps, observation)
        told = history(steps, observation)
        # One that has only just taken over was not refused anything.
        refused = observation.source == "governor" and steps[-1].hand_over is None
        # A greedy model that was told no would only say the same again.
        temperature = SECOND_TRY_TEMPERATURE if refused else self._temperature
        # A draw depends on the goal too, or episodes of other seeds would all draw alike.
        draw = zlib.crc32(f"{trajectory.task.prompt}\n{len(steps)}{self._seed}".encode())
        shown = parse(page.text)
        lines, goal = page.text.splitlines(), trajectory.task.prompt
        request = Request(
            prompt=prompt(goal, lines, told, closely=self._reasons),
            max_tokens=MAX_TOKENS,
            temperature=temperature,
            seed=draw if temperature else None,
            stop=("\n",),
            lines=offered(shown) if self._grammar else None,
        )
        answer = self._thoughtful(request) if self._reasons else self._model.complete(request)
        completion = await answer
        return Proposal(_action(completion, shown), completion.usage)

    async def _thoughtful(self, request: Request) -> Completion:
        """Ask for a thought, and then for the action; what was read is not read again."""
        asked = str(request.prompt)
        first = await self._model.complete(
            replace(request, prompt=reasoning(asked), max_tokens=MAX_THOUGHT, lines=None)
        )
        second = await self._model.complete(replace(request, prompt=reasoning(asked, first.text)))
        thought = replace(first.usage, reasoning_tokens=first.usage.output_tokens)
        action = replace(second.usage, reasoning_tokens=0)
        return replace(
            second,
            thought=first.text.strip(),
            usage=thought + action,
            # How sure it was is told by the thought: the action mostly copies what that came to.
            logprobs=_both(first.logprobs, second.logprobs),
            entropies=_both(first.entropies, second.entropies),
        )


def _both(
    first: tuple[float, ...] | None, second: tuple[float, ...] | None
) -> tuple[float, ...] | None:
    return None if first is None or second is None else first + second


def _action(completion: Completion, page: Sequence[Entry]) -> Action:
    action = decode(completion.text, page)
    return Action(
        tool=action.tool,
        arguments=action.arguments,
        thought=completion.thought,
        text=action.text,
        logprobs=completion.logprobs,
        entropies=completion.entropies,
        forbidden=completion.forbidden,
    )
