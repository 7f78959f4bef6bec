"""What judging a step costs, for all learned monitors together, beside an encoder's forward pass.

Aims: step 50 in under 1 ms, flat in the number of steps, and 100 times less than the encoder.
StepWise (arXiv 2604.27151) reads the last steps with a ModernBERT-base (22 layers, width 768); what
it is compared with here has that shape and random weights, which take as long as trained ones.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Sequence
from random import Random

from flyball.monitors.learned.milestone import Milestone
from flyball.monitors.learned.stuck import Stuck
from flyball.monitors.learned.will_fail import WillFail
from flyball.records import Action, Budget, Observation, Spend, Step, Task, Trajectory, Usage
from flyball.roles import Monitor

LENGTHS = (10, 50, 200, 1_000)
LAYERS, WIDTH, HEADS, INNER, VOCABULARY = 22, 768, 12, 1_152, 50_368
"""ModernBERT-base, from its configuration; `INNER` is the width of its gated linear units."""
CHARACTERS_PER_TOKEN = 4
LINES = 40


def make_step(index: int, rng: Random) -> Step:
    """A click on a page of `LINES` lines, of which a few change."""
    lines = [f'link "Order {1000 + row}, {rng.randint(1, 9)} chairs" {row}' for row in range(LINES)]
    row = rng.randrange(LINES)
    target = lines[row].rpartition(" ")[0]
    return Step(
        index=index,
        policy="small",
        observation=Observation(source="click", text="\n".join(["url http://x/", *lines])),
        action=Action(
            tool="click",
            arguments={"element": row, "target": target},
            text=f"click {target} {row}",
            logprobs=tuple(-rng.expovariate(4) for _ in range(20)),
            entropies=tuple(rng.expovariate(4) for _ in range(20)),
        ),
        policy_spend=Spend(seconds=0.1, usage=Usage(requests=1, output_tokens=20)),
    )


def judged(monitors: Sequence[Monitor], length: int, repeats: int) -> list[float]:
    """Milliseconds of CPU that step `length` takes, in runs that are followed step by step."""
    taken = []
    for seed in range(repeats):
        rng = Random(seed)
        prompt = "Open order 1007 and change its quantity to 9 chairs."
        task = Task(id="t", prompt=prompt, budget=Budget(steps=length))
        steps = tuple(make_step(index, rng) for index in range(length))
        for monitor in monitors:
            monitor.judge(Trajectory(task=task, steps=steps[:-1]))
        whole = Trajectory(task=task, steps=steps)
        taken.append(milliseconds(lambda: [monitor.judge(whole) for monitor in monitors]))  # noqa: B023
    return taken


def milliseconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return 1_000 * (time.process_time() - started)


def encoder_pass(window: int) -> tuple[int, float]:
    """Tokens of the last `window` steps, and milliseconds of one forward pass on one thread."""
    import torch  # noqa: PLC0415
    from torch import nn  # noqa: PLC0415

    class Layer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
            self.mix, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
            self.up, self.down = nn.Linear(WIDTH, 2 * INNER), nn.Linear(INNER, WIDTH)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            parts = self.mix(self.first(x)).view(*x.shape[:2], 3, HEADS, -1).permute(2, 0, 3, 1, 4)
            mixed = nn.functional.scaled_dot_product_attention(*parts).transpose(1, 2)
            x = x + self.out(mixed.reshape(x.shape))
            value, gate = self.up(self.second(x)).chunk(2, dim=-1)
            return x + self.down(nn.functional.gelu(value) * gate)

    torch.set_num_threads(1)
    encoder = nn.Sequential(nn.Embedding(VOCABULARY, WIDTH), *(Layer() for _ in range(LAYERS)))
    rng = Random(0)
    steps = [make_step(index, rng) for index in range(window)]
    characters = sum(len(step.action.text) + len(step.observation.text) for step in steps)
    tokens = torch.randint(VOCABULARY, (1, characters // CHARACTERS_PER_TOKEN))
    with torch.inference_mode():
        encoder(tokens)
        return tokens.shape[1], milliseconds(lambda: encoder(tokens))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=30)
    parser.add_argument("--window", type=int, default=5, help="steps that the encoder reads")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    monitors: list[Monitor] = [WillFail(threshold=0.9), Stuck(), Milestone()]
    judged(monitors, 10, 5)
    figures = {
        f"step {length}": statistics.median(
            judged(monitors, length, max(3, arguments.repeats * 10 // length))
        )
        for length in LENGTHS
    }
    tokens, encoder = encoder_pass(arguments.window)
    ratio = encoder / figures["step 50"]
    if arguments.json:
        print(json.dumps({**figures, "encoder": encoder, "tokens": tokens, "ratio": ratio}))
        return
    for name, median in figures.items():
        print(f"{name:10s} {median:8.3f} ms of CPU for {len(monitors)} monitors (median)")
    print(
        f"{'encoder':10s} {encoder:8.0f} ms of CPU for one forward pass: {ratio:,.0f} times step 50"
    )


if __name__ == "__main__":
    main()
