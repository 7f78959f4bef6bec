"""A model in training: its steps, its trials, and its place in the run, which it goes on from."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from training import together
from training.batches import Batch, Source, padded
from training.examples import Example
from training.model import SHAPES, Transformer
from training.muon import Muon
from training.origin import read_model
from training.recipe import Recipe
from training.tokenizer import PAD

OBSERVATION_WEIGHT = 0.15
ROUNDS_BETWEEN_TRIALS = 10
MEMORY = 0.98
"""How slowly a kind's share of wrong steps is forgotten, an example."""


class Trainer:
    """Holds a model in training, and its place in the run."""

    def __init__(self, recipe: Recipe, source: Source, folder: Path, device: str) -> None:
        self.recipe, self.source, self.folder, self.device = recipe, source, folder, device
        torch.manual_seed(recipe.seed)
        self.model = self._model().to(device)
        self.optimizers = self._optimizers()
        self.round = self.step = self.seen = 0
        self.seconds = 0.0
        self.errors: dict[str, float] = {}
        """The share of wrong steps lately, by kind of step."""

    @property
    def _checkpoint(self) -> Path:
        return self.folder / "checkpoint.pt"

    def _model(self) -> Transformer:
        shape, origin = SHAPES[self.recipe.shape], self.recipe.grown_from
        if not origin or self._checkpoint.exists():
            return Transformer(shape)
        if not Path(origin).exists():
            raise SystemExit(f"{origin} is missing; train it first")
        young = read_model(Path(origin))
        if young.shape.width != shape.width:
            young = young.widened(shape.width // young.shape.width)
        if young.shape.layers != shape.layers:
            young.deepen(shape.layers)
        if young.shape != shape:
            raise SystemExit(f"{origin} cannot become {shape}: it is {young.shape}")
        return young

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
            share = self.recipe.drill_share(self.seen)
            size = self.recipe.batch(self.seen)
            self.errors = together.agreed(self.errors)
            batches = self.source.round(
                self.round,
                drills=share,
                tokens=size,
                errors=self.errors,
                known=self.recipe.fact_share(self.seen),
            )
            for dealt in together.shares(batches):
                losses.append(self.learn(dealt[together.place()]))
                self.seen += sum(int((batch.targets != PAD).sum()) for batch in dealt)
                if self.progress >= 1.0:
                    break
            self.round += 1
            self.seconds += time.monotonic() - started
            row: dict[str, Any] = {"round": self.round, "step": self.step, "tokens": self.seen}
            row |= {"seconds": round(self.seconds), "loss": round(sum(losses) / len(losses), 4)}
            if together.place() == 0:
                if self.round % ROUNDS_BETWEEN_TRIALS == 0 or self.progress >= 1.0:
                    row["accuracy"] = self.accuracy(validation)
                self.log(row)
                self.save()

    def learn(self, batch: Batch) -> float:
        """Take one step; gives the loss on answers in nats a token."""
        peaks = (self.recipe.muon_rate, self.recipe.adam_rate)
        for optimizer, peak in zip(self.optimizers, peaks, strict=True):
            for group in optimizer.param_groups:
                group["lr"] = peak * self.recipe.rate(self.step, self.progress)
        inputs, targets, answers = (part.to(self.device) for part in batch[:3])
        read_only = (targets != PAD) & ~answers
        losses, wrong = self._losses(inputs, targets)
        for kind, erred in zip(batch.kinds, (wrong & answers).any(1).tolist(), strict=True):
            self.errors[kind] = MEMORY * self.errors.get(kind, 1.0) + (1 - MEMORY) * erred
        on_answers = losses[answers].mean()
        torch.autograd.backward(on_answers + OBSERVATION_WEIGHT * losses[read_only].mean())
        together.average([p.grad for p in self.model.parameters() if p.grad is not None])
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        self.step += 1
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
            batch = padded([self.source.encode(each) for each in chunk])
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
            "processes": together.count(),
            "torch": torch.__version__,
            "log": log,
        }

    def save(self) -> None:
        state = {
            "recipe": asdict(self.recipe),
            "model": self.model.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "place": [self.round, self.step, self.seen, self.seconds],
            "errors": self.errors,
        }
        part = self.folder / "checkpoint.part"
        torch.save(state, part)
        part.rename(self._checkpoint)

    def resume(self) -> None:
        path = self._checkpoint
        if not path.exists():
            return
        state = torch.load(path, weights_only=True, map_location=self.device)
        if state["recipe"] != asdict(self.recipe):
            raise SystemExit(f"{path} is of another recipe; remove it to train this one")
        self.model.load_state_dict(state["model"])
        for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        self.round, self.step, self.seen, self.seconds = state["place"]
        self.errors = state["errors"]
