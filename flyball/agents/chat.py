"""A policy for any instruction-tuned model, in process or behind a server."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import get_args

from flyball.agents.answers import INVALID, read_answer
from flyball.agents.prompts import (
    FINISH,
    Style,
    answer_schema,
    messages,
    system_prompt,
    user_prompt,
)
from flyball.errors import ModelError
from flyball.models import ModelSpec
from flyball.records import Completion, Observation, Request, ToolSpec, Trajectory
from flyball.roles import Model, Proposal

STYLES: tuple[Style, ...] = get_args(Style)
"""From what asks most of a model and its server to what asks least."""
PATIENCE = 2
"""Answers in one style that cannot be read, before the next style is tried."""
COMPLAINTS = {"tools": ("tool", "template"), "json": ("schema", "grammar", "response_format")}
"""Words in the errors of servers and templates that do not know a style."""


def best_style(spec: ModelSpec) -> Style:
    """Choose what a model does best: its server's own tool calls, or JSON in this process.

    Chat templates pass over tools that they know nothing of, without a word; a schema is
    kept to by whatever model.
    """
    return "tools" if spec.gguf is None else "json"


@dataclass(kw_only=True)
class ModelPolicy:
    """Asks a model for one tool call a step.

    It begins with `style`, and goes on to a plainer one where the server or the model's
    template refuses it, or where the model's answers cannot be read. An answer that
    cannot be read is a step of its own, an action of the tool `invalid`, with its usage.
    """

    model: Model
    tools: Sequence[ToolSpec]
    """What can be done; `finish` is offered besides."""
    style: Style = "tools"
    name: str = ""
    """The model's, if not given."""
    max_tokens: int = 1024
    """For an answer, with its thoughts."""
    temperature: float = 0.0
    seed: int | None = None
    shown: int = 1
    """How many of the newest observations are shown in full. Each beyond the first is read
    again at every step, because it moves; one is enough where it shows the whole state."""
    guide: str = ""
    """Advice in place of our own for the web, or for work in general."""
    on_text: Callable[[str], None] | None = None
    """Is told of each piece of text as it is generated."""
    _refused: int = field(default=0, init=False)
    """How many styles the model's server has refused; that will not change in a run."""

    def __post_init__(self) -> None:
        self.name = self.name or self.model.name
        self.tools = (*(tool for tool in self.tools if tool.name != FINISH.name), FINISH)

    async def propose(self, trajectory: Trajectory, observation: Observation) -> Proposal:
        """Ask for the next action. Raises `ModelError`."""
        user = user_prompt(trajectory, observation, shown=self.shown)
        completion = await self._ask(user, self._first_style(trajectory))
        action = read_answer(completion, {tool.name: tool for tool in self.tools})
        return Proposal(action, completion.usage)

    def _first_style(self, trajectory: Trajectory) -> int:
        """Work out from the run itself which style to try first, so that a resumed run does."""
        unread = sum(
            step.policy == self.name and step.action.tool == INVALID and not step.fault
            for step in trajectory.steps
        )
        wanted = STYLES.index(self.style) + unread // PATIENCE
        return min(max(wanted, self._refused), len(STYLES) - 1)

    async def _ask(self, user: str, index: int) -> Completion:
        style = STYLES[index]
        try:
            return await self.model.complete(self._request(user, style), self.on_text)
        except ModelError as error:
            if not any(word in str(error).lower() for word in COMPLAINTS.get(style, ())):
                raise
        self._refused = index + 1
        return await self._ask(user, self._refused)

    def _request(self, user: str, style: Style) -> Request:
        return Request(
            prompt=messages(system_prompt(self.tools, style, self.guide), user),
            max_tokens=self.max_tokens,
            temperature=self.temperature,
            seed=self.seed,
            schema=answer_schema(self.tools) if style == "json" else None,
            tools=tuple(self.tools) if style == "tools" else (),
        )
