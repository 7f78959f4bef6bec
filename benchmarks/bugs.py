"""What the code suite consists of: functions, bugs, and what survives a few visible tests.

python -m benchmarks.bugs [--quixbugs FOLDER] [--demonstrations FOLDER]
"""

from __future__ import annotations

import argparse
import ast
import random
import statistics
from collections import Counter
from pathlib import Path

from flyball.bench.code.brought import quixbugs
from flyball.bench.code.exercise import FEWEST_VISIBLE, HIDDEN
from flyball.bench.code.functions import FUNCTIONS, TRAINED, UNTRAINED
from flyball.bench.code.judging import NO_END, Case
from flyball.bench.code.mutations import mutated, mutations
from flyball.bench.code.running import guarded
from flyball.tools.source import difference
from training.examples import read
from training.tokenizer import train_tokenizer

INPUTS = FEWEST_VISIBLE + HIDDEN
VOCABULARY = 1024
SAMPLE = 2_000


def count(name: str) -> Counter[str]:
    """Try every mutation of one function on one draw of inputs, the fewest visible."""
    function, found = FUNCTIONS[name], Counter[str]()
    cases = [
        Case(f"{name}({', '.join(map(repr, drawn))})", repr(function(*drawn)))
        for drawn in function.inputs(random.Random(f"bugs {name}"), INPUTS)
    ]
    tree = ast.parse(function.code)
    for source in {mutated(tree, each) for each in mutations(tree)}:
        made = guarded(source, cases)
        if difference(source, function.code) is None:
            found["not one replace"] += 1
        elif any(outcome.got == NO_END for outcome in made):
            found["without end"] += 1
        elif all(outcome.passed for outcome in made):
            found["never shows"] += 1
        elif all(outcome.passed for outcome in made[:FEWEST_VISIBLE]):
            found["shows in hidden tests only"] += 1
        elif all(outcome.passed for outcome in made[FEWEST_VISIBLE:]):
            found["shows in visible tests only"] += 1
        else:
            found["bugs"] += 1
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quixbugs", type=Path)
    parser.add_argument("--demonstrations", type=Path)
    arguments = parser.parse_args()
    found = sum((count(name) for name in FUNCTIONS), Counter[str]())
    print(f"{len(FUNCTIONS)} functions: {len(TRAINED)} trained, {len(UNTRAINED)} not")
    for kind, number in found.most_common():
        print(f"{number:6d} {number / found.total():6.1%} {kind}")
    if arguments.quixbugs:
        tasks = quixbugs(arguments.quixbugs)
        mended = sum(difference(task.source, task.solution) is not None for task in tasks)
        print(f"QuixBugs: one replace mends {mended} of {len(tasks)}")
    if arguments.demonstrations:
        examples = list(read(arguments.demonstrations))
        chosen = random.Random(0).sample(examples, k=min(SAMPLE, len(examples)))
        texts = [each.prompt + each.answer for each in chosen]
        tokenizer = train_tokenizer(texts, vocabulary=VOCABULARY)
        sizes = sorted(len(tokenizer.encode(text).ids) for text in texts)
        answers = [len(tokenizer.encode(each.answer).ids) for each in chosen]
        print(
            f"{len(examples)} examples; tokens of a vocabulary of {VOCABULARY}:"
            f" median {sizes[len(sizes) // 2]}, 99 % {sizes[len(sizes) * 99 // 100]},"
            f" most {sizes[-1]}; an answer has {statistics.mean(answers):.1f}"
        )


if __name__ == "__main__":
    main()
