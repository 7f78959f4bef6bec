"""Made-up runs: pages, actions and log-probabilities, drawn from a seed."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from flyball.records import (
    Action,
    Budget,
    Energy,
    Observation,
    Spend,
    Step,
    Task,
    Trajectory,
    Usage,
    Verdict,
)

TASK = Task(
    id="login",
    prompt='Log in as "maria" with the password "x9 secret".',
    budget=Budget(steps=20, joules=100.0),
)


def page(*lines: str) -> str:
    return "\n".join(("url http://127.0.0.1/login", "title Login", *lines))


FORM = page('textbox "Name" 1', 'textbox "Password" 2', 'button "Login" 3')


def click(name: str = "Login", number: int = 3, role: str = "button") -> Action:
    target = f'{role} "{name}"'
    arguments = {"element": number, "target": target}
    return Action(tool="click", arguments=arguments, text=f"click {target} {number}")


def step(index: int, action: Action, text: str = FORM, *, ok: bool = True, note: str = "") -> Step:
    spend = Spend(
        seconds=0.2,
        usage=Usage(requests=1, local_requests=1, input_tokens=90, output_tokens=9),
        energy=Energy(gpu_j=2.0, method="counter"),
    )
    seen = Observation(source="click", text=text, ok=ok, note=note)
    return Step(index=index, policy="small", observation=seen, action=action, policy_spend=spend)


def a_run(steps: int, seed: int = 0) -> Trajectory:
    """A run that fills in, clicks, waits, errs and repeats itself at random."""
    rng = Random(seed)
    texts = [FORM, page('textbox "Name" 1 = "maria"', 'button "Login" 2'), page('text "Welcome"')]
    texts += [page(*(f'link "Row {row} of {at}" {row}' for row in range(20))) for at in range(3)]
    actions = [
        click(),
        click("Next", 7, "link"),
        Action(tool="fill", arguments={"element": 1, "target": 'textbox "Name"', "text": "maria"}),
        Action(tool="wait", arguments={"seconds": 1}, thought="It may take a while."),
        Action(tool="invalid", text="cilck"),
    ]
    made = Trajectory(task=TASK)
    for index in range(steps):
        chosen = rng.choice(actions)
        told = tuple(-rng.expovariate(2.0) for _ in range(rng.randint(0, 15)))
        action = Action(
            tool=chosen.tool,
            arguments=chosen.arguments,
            thought=chosen.thought,
            text=chosen.text,
            logprobs=told or None,
            entropies=tuple(-each for each in told) or None,
            forbidden=rng.random() if told else None,
        )
        ok = rng.random() < 0.8
        made = made.then(step(index, action, rng.choice(texts), ok=ok, note="" if ok else "no"))
    return made


def over(judged: Step) -> Step:
    """The step as it is once it was judged and carried out."""
    return replace(
        judged,
        verdicts=(Verdict(monitor="m", score=0.3),),
        monitor_spend=Spend(seconds=0.1, energy=Energy(gpu_j=1.0, method="counter")),
        tool_spend=Spend(seconds=3.0, energy=Energy(gpu_j=5.0, method="counter")),
    )
