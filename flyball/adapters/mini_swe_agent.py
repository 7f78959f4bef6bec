"""Supervision of mini-swe-agent, as the model of its agent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from minisweagent import Model
from minisweagent.exceptions import FormatError, InterruptAgentFlow

from flyball.adapters.actions import usage_of
from flyball.adapters.driving import Answered, Question, Stopped, turn
from flyball.adapters.supervision import DEFAULT, Supervision
from flyball.adapters.supervisor import Supervisor
from flyball.records import Action, Observation, Usage

AGENT = "mini_swe_agent"
Message = dict[str, Any]


class StopFlow(InterruptAgentFlow):
    """Ends the agent's run, with the receipt as its last message."""

    def __init__(self, receipt: str) -> None:
        extra = {"exit_status": "Stopped", "submission": ""}
        super().__init__({"role": "exit", "content": receipt, "extra": extra})


class SupervisedModel:
    """Judges each answer of `model` before its commands are run. A conversation's start is a run's.

    Give it to `DefaultAgent` in the model's place, and `close` it at the end. `strong` are the
    models that an escalation may go to.
    """

    def __init__(
        self,
        model: Model,
        supervision: Supervision = DEFAULT,
        *,
        strong: Mapping[str, Model] | None = None,
    ) -> None:
        self._model, self._supervision = model, supervision
        self._strong = dict(strong or {})
        self.supervisor: Supervisor | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def __enter__(self) -> SupervisedModel:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Write down how the run ended."""
        if self.supervisor is not None and self.supervisor.run.status == "running":
            self.supervisor.close()

    def query(self, messages: list[Message], **named: Any) -> Message:
        supervisor = self._run_of(messages)

        def _ask(question: Question[Message]) -> Answered[Message]:
            model = self._strong.get(question.driver, self._model)
            try:
                reply: Message = model.query(_asked(messages, question, model), **named)
            except FormatError as error:
                reply = {"flyball_error": error, **error.messages[0]}
            return Answered(reply=reply, action=action_in(reply), usage=usage_in(reply, model))

        taken = turn(supervisor, seen_in(messages), self._strong, _ask)
        if isinstance(taken, Stopped):
            raise StopFlow(taken.receipt)
        if "flyball_error" in taken:
            raise taken["flyball_error"]
        return taken

    def _run_of(self, messages: Sequence[Message]) -> Supervisor:
        begins = not any(each.get("role") == "assistant" for each in messages)
        if self.supervisor is None or (begins and self.supervisor.trajectory.steps):
            self.close()
            prompts = [str(each["content"]) for each in messages if each.get("role") == "user"]
            prompt = prompts[0] if prompts else ""
            self.supervisor = self._supervision.begin(
                prompt, agent=AGENT, policy=_name(self._model)
            )
        return self.supervisor


def seen_in(messages: Sequence[Message]) -> Observation:
    """What is new since the newest answer."""
    answers = [at for at, each in enumerate(messages) if each.get("role") == "assistant"]
    new = messages[answers[-1] + 1 :] if answers else messages[-1:]
    codes = [each.get("extra", {}).get("returncode", 0) for each in new]
    return Observation(
        source="bash" if answers else "task",
        text="\n".join(str(each.get("content") or "") for each in new),
        ok=not any(codes),
    )


def action_in(reply: Message) -> Action:
    """The commands of an answer; one that cannot be read is an action `invalid`."""
    text = str(reply.get("content") or "")
    commands = [str(each.get("command", "")) for each in reply.get("extra", {}).get("actions", ())]
    if "flyball_error" in reply or not commands:
        return Action(tool="invalid", text=text)
    arguments: dict[str, object] = {"command": commands[0]}
    if len(commands) > 1:
        arguments["also"] = commands[1:]
    return Action(tool="bash", arguments=arguments, thought=text, text="\n".join(commands))


def usage_in(reply: Message, model: Model) -> Usage:
    """What an answer took, as far as the host keeps it."""
    response = reply.get("extra", {}).get("response")
    told = (response.get("usage") or {}) if isinstance(response, dict) else {}
    sent = told.get("prompt_tokens", told.get("input_tokens"))
    written = told.get("completion_tokens", told.get("output_tokens"))
    if sent is None or written is None:
        return Usage(requests=1, unpriced_requests=1)
    details = told.get("completion_tokens_details") or told.get("output_tokens_details") or {}
    thought = details.get("reasoning_tokens")
    return usage_of(_name(model), sent=sent, written=written, thought=thought)


def _asked(messages: list[Message], question: Question[Message], model: Model) -> list[Message]:
    asked = list(messages)
    for reply, reason in question.refused:
        said = {key: value for key, value in reply.items() if key != "flyball_error"}
        asked.append(said)
        ids = [call["id"] for call in said.get("tool_calls") or ()]
        asked += [{"role": "tool", "tool_call_id": each, "content": reason} for each in ids] or [
            model.format_message(role="user", content=reason)
        ]
    if question.note:
        asked.append(model.format_message(role="user", content=question.note))
    return asked


def _name(model: Model) -> str:
    return str(getattr(model.config, "model_name", "") or "model").rpartition("/")[2]
