"""Supervision of smolagents' agents, as their model."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any

from smolagents.agents import CodeAgent, MultiStepAgent  # type: ignore[import-untyped]
from smolagents.models import ChatMessage, MessageRole, Model  # type: ignore[import-untyped]

from flyball.adapters.actions import Call, action_of, usage_of
from flyball.adapters.driving import Answered, Question, Stopped, turn
from flyball.adapters.supervision import DEFAULT, Supervision
from flyball.adapters.supervisor import Supervisor
from flyball.records import Action, Observation, Usage

AGENT = "smolagents"
FINAL = "final_answer"


def supervise(
    agent: MultiStepAgent,
    supervision: Supervision = DEFAULT,
    *,
    strong: Mapping[str, Model] | None = None,
) -> SupervisedModel:
    """Have every run of `agent` supervised. `strong` are models that an escalation may go to."""
    tags = agent.code_block_tags if isinstance(agent, CodeAgent) else None
    model = SupervisedModel(agent.model, supervision, strong=strong, tags=tags)
    agent.model = model
    agent.run = model.closing(agent.run)
    return model


class SupervisedModel(Model):  # type: ignore[misc]  # the host has no types
    """Judges each answer of `model` before it is carried out. A conversation's start is a run's."""

    def __init__(
        self,
        model: Model,
        supervision: Supervision = DEFAULT,
        *,
        strong: Mapping[str, Model] | None = None,
        tags: tuple[str, str] | None = None,
    ) -> None:
        super().__init__(model_id=model.model_id)
        self._model, self._supervision, self._tags = model, supervision, tags
        self._strong = dict(strong or {})
        self.supervisor: Supervisor | None = None

    def generate(self, messages: list[Any], *rest: Any, **named: Any) -> ChatMessage:
        told = [_message(each) for each in messages]
        supervisor = self._run_of(told)

        def _ask(question: Question[ChatMessage]) -> Answered[ChatMessage]:
            model = self._strong.get(question.driver, self._model)
            reply = model.generate(self._asked(messages, question), *rest, **named)
            return Answered(reply=reply, action=self._action(reply), usage=usage_in(reply, model))

        taken = turn(supervisor, seen_in(told), self._strong, _ask)
        return self._final(taken.receipt) if isinstance(taken, Stopped) else taken

    def parse_tool_calls(self, message: ChatMessage) -> ChatMessage:
        return self._model.parse_tool_calls(message)

    def to_dict(self) -> dict[str, Any]:
        told: dict[str, Any] = self._model.to_dict()
        return told

    def closing(self, run: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap an agent's `run`, so that whatever ends it closes the run."""

        def _run(*args: Any, **kwargs: Any) -> Any:
            try:
                result = run(*args, **kwargs)
            except BaseException as error:
                self._close(error)
                raise
            if isinstance(result, Generator):
                return self._closing(result)
            self._close()
            return result

        return _run

    def _closing(self, steps: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
        try:
            for step in steps:  # noqa: UP028 - the host's cannot be closed
                yield step
        except BaseException as error:
            self._close(error)
            raise
        self._close()

    def _close(self, error: BaseException | None = None) -> None:
        supervisor = self.supervisor
        if supervisor is not None and supervisor.run.status == "running":
            supervisor.__exit__(type(error) if error else None, error, None)

    def _run_of(self, messages: Sequence[ChatMessage]) -> Supervisor:
        begins = not any(each.role == MessageRole.ASSISTANT for each in messages)
        if self.supervisor is None or (begins and self.supervisor.trajectory.steps):
            self._close()
            prompts = [_text(each) for each in messages if each.role == MessageRole.USER]
            prompt = prompts[-1].removeprefix("New task:\n") if prompts else ""
            name = str(self._model.model_id or "model")
            self.supervisor = self._supervision.begin(prompt, agent=AGENT, policy=name)
        return self.supervisor

    def _asked(self, messages: list[Any], question: Question[ChatMessage]) -> list[Any]:
        asked = list(messages)
        for reply, reason in question.refused:
            content = [{"type": "text", "text": reply.render_as_markdown()}]
            asked.append(ChatMessage(role=MessageRole.ASSISTANT, content=content))
            asked.append(_said(reason))
        return [*asked, _said(question.note)] if question.note else asked

    def _action(self, reply: ChatMessage) -> Action:
        calls = [
            Call(name=call.function.name, arguments=_json(call.function.arguments), id=call.id)
            for call in reply.tool_calls or ()
        ]
        text = _text(reply)
        if calls and calls[0].name == FINAL:
            return action_of([], calls[0].arguments)
        if calls or self._tags is None:
            return action_of(calls, text) if calls else Action(tool="invalid", text=text)
        before, _, code = text.partition(self._tags[0])
        code = code.partition(self._tags[1])[0].strip()
        tool = "python" if code else "invalid"
        return Action(tool=tool, arguments={"code": code}, thought=before.strip(), text=text)

    def _final(self, receipt: str) -> ChatMessage:
        if self._tags is not None:
            code = f"{self._tags[0]}\n{FINAL}({receipt!r})\n{self._tags[1]}"
            return ChatMessage(role=MessageRole.ASSISTANT, content=f"Thought: I stop.\n{code}")
        call = {"id": "flyball", "type": "function"}
        function = {"name": FINAL, "arguments": {"answer": receipt}}
        return ChatMessage(
            role=MessageRole.ASSISTANT, content="", tool_calls=[{**call, "function": function}]
        )


def seen_in(messages: Sequence[ChatMessage]) -> Observation:
    """What is new since the newest answer."""
    own = (MessageRole.ASSISTANT, MessageRole.TOOL_CALL)
    answers = [at for at, each in enumerate(messages) if each.role in own]
    new = messages[answers[-1] + 1 :] if answers else messages[-1:]
    text = "\n".join(_text(each) for each in new)
    return Observation(source="tool" if answers else "task", text=text, ok="Error:\n" not in text)


def usage_in(reply: ChatMessage, model: Model) -> Usage:
    """What an answer took."""
    told = reply.token_usage
    if told is None:
        return Usage(requests=1, unpriced_requests=1)
    return usage_of(str(model.model_id), sent=told.input_tokens, written=told.output_tokens)


def _message(message: Any) -> ChatMessage:
    return message if isinstance(message, ChatMessage) else ChatMessage.from_dict(dict(message))


def _said(text: str) -> ChatMessage:
    return ChatMessage(role=MessageRole.USER, content=[{"type": "text", "text": text}])


def _text(message: ChatMessage) -> str:
    content = message.content or ""
    if isinstance(content, str):
        return content
    return "\n".join(str(part.get("text", "")) for part in content)


def _json(arguments: Any) -> str:
    return arguments if isinstance(arguments, str) else json.dumps(arguments, default=str)
