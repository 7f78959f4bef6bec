"""Train one policy, from demonstrations to a GGUF file. Interrupt it, and it resumes."""

from __future__ import annotations

import os

# Threads that spin beside a busy core cost ten times the time; this must come before torch.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import argparse
import json
import random
from collections import Counter
from pathlib import Path

import torch
from tokenizers import Tokenizer

from training import together
from training.batches import Source
from training.drills import Words, form, lookups
from training.examples import Example, read
from training.export import Trained, export
from training.model import SHAPES, Shape
from training.origin import read_tokenizer
from training.recipe import Recipe
from training.tokenizer import load_tokenizer, train_tokenizer
from training.trainer import Trainer

REPORTS = Path(__file__).parent / "reports"
VALIDATION = 8
"""Examples of each task that are kept for trials."""
SAMPLE = 60
"""Examples of each task that the tokenizer and the drills' words are made from."""


def words_of(examples: list[Example]) -> Words:
    """The words that the demonstrations' goals use."""
    found = {word for e in examples for word in e.goal.replace('"', " ").split() if word.isalpha()}
    return Words(words=sorted(found))


def prepare_tokenizer(path: Path, examples: list[Example], words: Words) -> Tokenizer:
    if not path.exists():
        rng = random.Random(0)
        texts = [e.prompt + e.answer for e in examples]
        texts += [e.prompt + e.answer for _ in range(1_500) for e in [form(rng, words)]]
        texts += [e.prompt + e.answer for _ in range(150) for e in lookups(rng, words)]
        train_tokenizer(texts, vocabulary=Shape.vocabulary).save(str(path))
    return load_tokenizer(path)


def divided(examples: list[Example], seed: int) -> tuple[list[Example], list[Example]]:
    """Shuffle; gives `VALIDATION` examples of each task, and all others."""
    random.Random(seed).shuffle(examples)
    kept, rest, count = list[Example](), list[Example](), Counter[str]()
    for each in examples:
        (kept if count[each.task] < VALIDATION else rest).append(each)
        count[each.task] += 1
    return kept, rest


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shape", choices=sorted(SHAPES))
    parser.add_argument("--tokens", type=int, default=Recipe.tokens)
    parser.add_argument("--grow-from", default="", metavar="GGUF")
    parser.add_argument("--drills-only", type=int, default=Recipe.drills_only, metavar="TOKENS")
    parser.add_argument("--batch-tokens", type=int, default=Recipe.batch_tokens)
    parser.add_argument("--thinks", action="store_true", help="think before it acts")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--work", type=Path, default=Path("training/work"))
    parser.add_argument("--name", help="of its folder below the work, in place of the shape's")
    parser.add_argument("--out", type=Path, help="the GGUF file")
    return parser.parse_args()


def main() -> None:
    arguments = _arguments()
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    together.join(arguments.device)
    halved = 0.5 if arguments.grow_from else 1.0
    recipe = Recipe(
        muon_rate=Recipe.muon_rate * halved,
        adam_rate=Recipe.adam_rate * halved,
        shape=arguments.shape,
        tokens=arguments.tokens,
        grown_from=arguments.grow_from,
        batch_tokens=arguments.batch_tokens,
        drills_only=arguments.drills_only,
        thinks=arguments.thinks,
        seed=arguments.seed,
    )
    folder = arguments.work / (arguments.name or arguments.shape)
    folder.mkdir(parents=True, exist_ok=True)
    sample = list(read(arguments.work / "demonstrations", most=SAMPLE))
    words = words_of(sample)
    place = arguments.work / "tokenizer.json"
    if arguments.grow_from and not place.exists():
        read_tokenizer(Path(arguments.grow_from)).save(str(place))
    tokenizer = prepare_tokenizer(place, sample, words)
    validation, training = divided(list(read(arguments.work / "demonstrations")), recipe.seed)
    source = Source(
        demonstrations=training,
        words=words,
        tokenizer=tokenizer,
        seed=recipe.seed,
        thinks=recipe.thinks,
    )
    trainer = Trainer(recipe, source, folder, arguments.device)
    millions = sum(p.numel() for p in trainer.model.parameters()) / 1e6
    print(f"{recipe.shape}: {millions:.2f}M parameters, {len(training)} demonstrated steps")
    rng = random.Random(1)
    trainer.run(validation + [form(rng, words) for _ in range(200)])
    if together.place() > 0:
        return
    trained = Trained(
        name=f"bundled/{recipe.shape}",
        shape=trainer.model.shape,
        weights=trainer.model.cpu().state_dict(),
        tokenizer=arguments.work / "tokenizer.json",
        reasons=recipe.thinks,
    )
    export(trained, arguments.out or folder / f"{recipe.shape}.gguf")
    report = trainer.report(len(training))
    reports = REPORTS if arguments.out else folder
    reports.mkdir(parents=True, exist_ok=True)
    (reports / f"{recipe.shape}-training.json").write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
