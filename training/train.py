"""Train one policy, from demonstrations to a GGUF file. Interrupt it, and it resumes."""

from __future__ import annotations

import os

# Threads that spin beside a busy core cost ten times the time; this must come before torch.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import argparse
import json
import random
import time
from collections import Counter
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from training.batches import Batch, Source, padded
from training.drills import Words, form, lookups
from training.examples import Example, read
from training.export import Trained, export
from training.model import SHAPES, Llama, Shape
from training.muon import Muon
from training.tokenizer import PAD, load_tokenizer, train_tokenizer

REPORTS = Path(__file__).parent / "reports"
OBSERVATION_WEIGHT = 0.15
VALIDATION = 8
"""Examples of each task that are kept for trials."""
SAMPLE = 60
"""Examples of each task that the tokenizer and the drills' words are made from."""
WARM_UP_STEPS = 50
ROUNDS_BETWEEN_TRIALS = 10
FLAT_SHARE = 0.4
"""The rate stays flat for this share of the run."""
MEMORY = 0.98
"""How slowly a task's share of wrong steps is forgotten, an example."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Everything that the weights depend on."""

    shape: str = "small"
    tokens: int = 20_000_000
    young_layers: int = 0
    """Layers at first, where not all: the model then grows at `growth`."""
    growth: float = 0.6
    batch_tokens: int = 1024
    muon_rate: float = 0.006
    adam_rate: float = 0.003
    drills_only: int = 2_500_000
    """Tokens for which made-up examples are all: copying is learned first, or late."""
    drills: float = 0.6
    """Share of made-up examples after that; it falls to `least_drills` over `fading` tokens."""
    least_drills: float = 0.15
    fading: int = 5_000_000
    seed: int = 0

    def rate(self, step: int, progress: float) -> float:
        """The share of the peak rate: warm-up, flat, linear decay."""
        decay = 1.0 - max(0.0, progress - FLAT_SHARE) / (1.0 - FLAT_SHARE)
        return min(1.0, (step + 1) / WARM_UP_STEPS) * max(0.02, decay)

    def drill_share(self, seen: int) -> float:
        """The share of made-up examples after `seen` tokens."""
        if seen < self.drills_only:
            return 1.0
        faded = min(1.0, (seen - self.drills_only) / self.fading)
        return self.drills + (self.least_drills - self.drills) * faded


class Trainer:
    """Holds a model in training, and its place in the run."""

    def __init__(self, recipe: Recipe, source: Source, folder: Path, device: str) -> None:
        self.recipe, self.source, self.folder, self.device = recipe, source, folder, device
        torch.manual_seed(recipe.seed)
        whole = SHAPES[recipe.shape]
        young = replace(whole, layers=recipe.young_layers or whole.layers)
        self.model = Llama(young).to(device)
        self.optimizers = self._optimizers()
        self.round = self.step = self.seen = 0
        self.seconds = 0.0
        self.errors: dict[str, float] = {}
        """The share of wrong steps lately, by task."""

    def _optimizers(self) -> list[torch.optim.Optimizer]:
        matrices = self.model.matrices()
        rest = [p for n, p in self.model.named_parameters() if n not in matrices]
        return [
            Muon(matrices.values(), lr=self.recipe.muon_rate),
            torch.optim.AdamW(rest, lr=self.recipe.adam_rate, betas=(0.9, 0.95), weight_decay=0.0),
        ]

    @property
    def progress(self) -> float:
        return self.seen / self.recipe.tokens

    def run(self, validation: list[Example]) -> None:
        self.resume()
        while self.progress < 1.0:
            started, losses = time.monotonic(), list[float]()
            if self.progress >= self.recipe.growth:
                self.grow()
            late = self.progress > FLAT_SHARE
            share = self.recipe.drill_share(self.seen)
            size = self.recipe.batch_tokens * (2 if late else 1)
            errors = dict(self.errors)
            for batch in self.source.round(self.round, drills=share, tokens=size, errors=errors):
                losses.append(self.learn(batch))
                if self.progress >= 1.0:
                    break
            self.round += 1
            self.seconds += time.monotonic() - started
            row: dict[str, Any] = {"round": self.round, "step": self.step, "tokens": self.seen}
            row |= {"seconds": round(self.seconds), "loss": round(sum(losses) / len(losses), 4)}
            if self.round % ROUNDS_BETWEEN_TRIALS == 0 or self.progress >= 1.0:
                row["accuracy"] = self.accuracy(validation)
            self.log(row)
            self.save()

    def grow(self) -> None:
        """Give the model all its layers, unless it has them."""
        if self.model.shape.layers < SHAPES[self.recipe.shape].layers:
            self.model.deepen(SHAPES[self.recipe.shape].layers)
            self.optimizers = self._optimizers()

    def learn(self, batch: Batch) -> float:
        """Take one step; gives the loss on answers in nats a token."""
        peaks = (self.recipe.muon_rate, self.recipe.adam_rate)
        for optimizer, peak in zip(self.optimizers, peaks, strict=True):
            for group in optimizer.param_groups:
                group["lr"] = peak * self.recipe.rate(self.step, self.progress)
        inputs, targets, answers = (part.to(self.device) for part in batch[:3])
        read_only = (targets != PAD) & ~answers
        losses, wrong = self._losses(inputs, targets)
        for task, erred in zip(batch.tasks, (wrong & answers).any(1).tolist(), strict=True):
            self.errors[task] = MEMORY * self.errors.get(task, 1.0) + (1 - MEMORY) * erred
        on_answers = losses[answers].mean()
        torch.autograd.backward(on_answers + OBSERVATION_WEIGHT * losses[read_only].mean())
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        self.step += 1
        self.seen += int((targets != PAD).sum())
        return float(on_answers.detach())

    def _losses(self, inputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Give the loss of each token (batch, length), and whether another one was likelier."""
        with torch.autocast(self.device.split(":")[0], torch.bfloat16):
            logits = self.model(inputs)
        flat = functional.cross_entropy(
            logits.float().flatten(0, 1), targets.flatten(), reduction="none"
        )
        return flat.view_as(targets), logits.detach().argmax(-1) != targets

    @torch.no_grad()
    def accuracy(self, examples: list[Example]) -> dict[str, float]:
        """The share of answers whose every token is the most likely one, by task."""
        right: dict[str, list[bool]] = {}
        order = sorted(examples, key=lambda e: len(e.prompt))
        for begin in range(0, len(order), 32):
            chunk = order[begin : begin + 32]
            batch = padded([self.source.encode([each]) for each in chunk])
            best = self.model(batch.inputs.to(self.device)).argmax(-1).cpu()
            good = ((best == batch.targets) | ~batch.answers).all(1)
            for example, won in zip(chunk, good.tolist(), strict=True):
                right.setdefault(example.task, []).append(won)
        shares = {task: round(sum(w) / len(w), 3) for task, w in sorted(right.items())}
        everything = [won for wins in right.values() for won in wins]
        return {"all": round(sum(everything) / len(everything), 4), **shares}

    def log(self, row: dict[str, Any]) -> None:
        with (self.folder / "log.jsonl").open("a") as file:
            file.write(json.dumps(row) + "\n")
        shown = {k: v["all"] if k == "accuracy" else v for k, v in row.items()}
        print(f"{self.progress:6.1%} {shown}", flush=True)

    def report(self, demonstrations: int) -> dict[str, Any]:
        """What the weights came from, and the log of how."""
        log = [json.loads(line) for line in (self.folder / "log.jsonl").read_text().splitlines()]
        return {
            "recipe": asdict(self.recipe),
            "parameters": sum(p.numel() for p in self.model.parameters()),
            "demonstrations": demonstrations,
            "tokens": self.seen,
            "steps": self.step,
            "seconds": round(self.seconds),
            "torch": torch.__version__,
            "log": log,
        }

    def save(self) -> None:
        state = {
            "recipe": asdict(self.recipe),
            "model": self.model.state_dict(),
            "layers": self.model.shape.layers,
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "place": [self.round, self.step, self.seen, self.seconds],
            "errors": self.errors,
        }
        part = self.folder / "checkpoint.part"
        torch.save(state, part)
        part.rename(self.folder / "checkpoint.pt")

    def resume(self) -> None:
        path = self.folder / "checkpoint.pt"
        if not path.exists():
            return
        state = torch.load(path, weights_only=True, map_location=self.device)
        if state["recipe"] != asdict(self.recipe):
            raise SystemExit(f"{path} is of another recipe; remove it to train this one")
        if state["layers"] > self.model.shape.layers:
            self.grow()
        self.model.load_state_dict(state["model"])
        for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        self.round, self.step, self.seen, self.seconds = state["place"]
        self.errors = state["errors"]


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shape", choices=sorted(SHAPES))
    parser.add_argument("--tokens", type=int, default=Recipe.tokens)
    parser.add_argument("--young-layers", type=int, default=0)
    parser.add_argument("--batch-tokens", type=int, default=Recipe.batch_tokens)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--work", type=Path, default=Path("training/work"))
    parser.add_argument("--out", type=Path, help="the GGUF file")
    arguments = parser.parse_args()
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    recipe = Recipe(
        shape=arguments.shape,
        tokens=arguments.tokens,
        young_layers=arguments.young_layers,
        batch_tokens=arguments.batch_tokens,
        seed=arguments.seed,
    )
    folder = arguments.work / arguments.shape
    folder.mkdir(parents=True, exist_ok=True)
    sample = list(read(arguments.work / "demonstrations", most=SAMPLE))
    words = words_of(sample)
    tokenizer = prepare_tokenizer(arguments.work / "tokenizer.json", sample, words)
    validation, training = divided(list(read(arguments.work / "demonstrations")), recipe.seed)
    source = Source(demonstrations=training, words=words, tokenizer=tokenizer, seed=recipe.seed)
    trainer = Trainer(recipe, source, folder, arguments.device)
    millions = sum(p.numel() for p in trainer.model.parameters()) / 1e6
    print(f"{recipe.shape}: {millions:.2f}M parameters, {len(training)} demonstrated steps")
    rng = random.Random(1)
    trainer.run(validation + [form(rng, words) for _ in range(200)])
    trained = Trained(
        name=f"bundled/{recipe.shape}",
        shape=trainer.model.shape,
        weights=trainer.model.cpu().state_dict(),
        tokenizer=arguments.work / "tokenizer.json",
    )
    export(trained, arguments.out or folder / f"{recipe.shape}.gguf")
    report = trainer.report(len(training))
    place = REPORTS if arguments.out else folder
    place.mkdir(parents=True, exist_ok=True)
    (place / f"{recipe.shape}-training.json").write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
