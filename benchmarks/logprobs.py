"""What flyball's log-probabilities are worth and cost: `python benchmarks/logprobs.py [--json]`.

Prints, for the bundled model and for random weights with a larger vocabulary,

* the largest difference from a reference that keeps all logits (aim: 1e-3), evaluated as
  the answer was generated, and in one batch, which llama.cpp itself rounds differently;
* the speed of greedy generation with log-probabilities and entropies, over that of
  llama-cpp-python without them (aim: 0.95), as the median over alternated rounds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import gguf
import llama_cpp
import numpy as np

from flyball.models import LlamaModel, bundled_path
from flyball.records import Completion, Request

CONTEXT = 512
TOKENS = 96
PROMPT = "Once upon a time"
"""Not a task: a browser model ends its answer to one after a dozen tokens."""
REQUEST = Request(prompt=PROMPT, max_tokens=TOKENS)
WIDTH, LAYERS, HEADS, INNER = 512, 4, 8, 1408


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What was found about one model."""

    model: str
    vocabulary: int
    tokens: int
    """Length of the answers that were timed."""
    difference: float
    """Largest absolute difference of a log-probability, in nats."""
    difference_one_batch: float
    tokens_per_second: float
    plain_tokens_per_second: float
    """`Llama.generate`: tokens only, no text."""
    ratio: float
    completion_ratio: float
    """Against `Llama.create_completion`, which makes text of the tokens as we do."""


def main() -> int:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--rounds", type=int, default=21, help="timed rounds for each model")
    parser.add_argument("--vocabulary", type=int, default=32_768, help="of the random model")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        random = random_model(Path(folder) / "random.gguf", options.vocabulary)
        results = [measure(path, options.rounds) for path in (bundled_path("small"), random)]
    if options.json:
        print(json.dumps([asdict(result) for result in results], indent=2))
    else:
        print("\n".join(map(line, results)))
    return 0


def line(result: Result) -> str:
    return (
        f"{result.model}: vocabulary {result.vocabulary}, {result.tokens} tokens; "
        f"difference {result.difference:.1e} (in one batch {result.difference_one_batch:.1e}); "
        f"{result.tokens_per_second:.0f} tokens/s, plain {result.plain_tokens_per_second:.0f}; "
        f"ratio {result.ratio:.3f} to generate, {result.completion_ratio:.3f} to create_completion"
    )


def measure(path: Path, rounds: int) -> Result:
    """Compare flyball with llama-cpp-python on the model at `path`."""
    plain = llama_cpp.Llama(str(path), n_ctx=CONTEXT, n_threads=1, n_threads_batch=1, verbose=False)
    prompt = plain.tokenize(PROMPT.encode(), add_bos=True, special=False)
    with (
        LlamaModel(path, name=path.stem, context=CONTEXT, threads=1) as model,
        asyncio.Runner() as loop,
    ):
        said, tokens = loop.run(model.complete(REQUEST)), generated(plain, prompt)
        if not plain.detokenize(tokens).decode("utf-8", "replace").startswith(said.text):
            raise SystemExit(f"{path.stem}: the two did not write the same; compare others")
        rates = loop.run(compare(model, plain, prompt, rounds))
    plain.close()
    ours, bare, whole = rates
    return Result(
        model=path.stem,
        vocabulary=plain.n_vocab(),
        tokens=len(tokens),
        difference=difference(path, prompt, tokens, said, one_batch=False),
        difference_one_batch=difference(path, prompt, tokens, said, one_batch=True),
        tokens_per_second=statistics.median(ours),
        plain_tokens_per_second=statistics.median(bare),
        ratio=median_ratio(ours, bare),
        completion_ratio=median_ratio(ours, whole),
    )


def difference(
    path: Path, prompt: list[int], tokens: list[int], said: Completion, *, one_batch: bool
) -> float:
    """The largest difference of `said`'s log-probabilities from a reference's, in nats."""
    reference = llama_cpp.Llama(
        str(path), n_ctx=CONTEXT, n_threads=1, logits_all=True, verbose=False
    )
    steps = [prompt + tokens] if one_batch else [prompt, *([token] for token in tokens)]
    for step in steps:
        reference.eval(step)
    rows = reference.scores[len(prompt) - 1 : len(prompt) + len(tokens) - 1].astype(np.float64)
    expected = rows[np.arange(len(tokens)), tokens] - np.logaddexp.reduce(rows, axis=1)
    reference.close()
    return float(np.abs(expected - np.array(said.logprobs)).max())


def generated(plain: llama_cpp.Llama, prompt: list[int]) -> list[int]:
    """Generate without log-probabilities, and without making text of the tokens."""
    tokens: list[int] = []
    for token in plain.generate(list(prompt), temp=0.0):
        if token == plain.token_eos() or len(tokens) == TOKENS:
            break
        tokens.append(token)
    return tokens


def completed(plain: llama_cpp.Llama) -> int:
    """Generate without log-probabilities, through to the text; returns how many tokens."""
    answer = plain.create_completion(PROMPT, max_tokens=TOKENS, temperature=0.0)
    if not isinstance(answer, dict):
        raise TypeError("a whole answer was expected")
    return answer["usage"]["completion_tokens"]


async def compare(
    model: LlamaModel, plain: llama_cpp.Llama, prompt: list[int], rounds: int
) -> list[list[float]]:
    """Tokens per second in each round, of flyball, `generate` and `create_completion`.

    All three are asked from an event loop and work in a thread of their own.
    """

    async def _ours() -> int:
        return (await model.complete(REQUEST)).usage.output_tokens

    async def _generate() -> int:
        return len(await loop.run_in_executor(worker, generated, plain, prompt))

    async def _complete() -> int:
        return await loop.run_in_executor(worker, completed, plain)

    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(max_workers=1) as worker:
        return await alternate((_ours, _generate, _complete), rounds)


async def alternate(runs: Sequence[Callable[[], Awaitable[int]]], rounds: int) -> list[list[float]]:
    """Tokens per second of each of `runs` in each round; every round begins with another."""
    rates: list[list[float]] = [[] for _ in runs]
    for run in runs:
        await run()
    for turn in range(rounds):
        for step in range(len(runs)):
            which = (turn + step) % len(runs)
            begun = time.perf_counter()
            count = await runs[which]()
            rates[which].append(count / (time.perf_counter() - begun))
    return rates


def median_ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    return statistics.median(a / b for a, b in zip(ours, theirs, strict=True))


def random_model(path: Path, vocabulary: int) -> Path:
    """Write a Llama with random weights: slow enough to be a model, and with no end token."""
    random = np.random.default_rng(0)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_vocab_size(vocabulary)
    add_vocabulary(writer, vocabulary)
    for name, shape in shapes(vocabulary).items():
        weights = random.normal(scale=WIDTH**-0.5, size=shape).astype(np.float16)
        if name == "output.weight":
            weights[-1] = 0
        writer.add_tensor(name, weights)
    for name in norms():
        writer.add_tensor(name, np.ones(WIDTH, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def add_vocabulary(writer: gguf.GGUFWriter, size: int) -> None:
    """A byte-level vocabulary: the printable bytes, made-up words, and an end token."""
    letters = [chr(code) for code in (*range(33, 127), *range(161, 173), *range(174, 324))]
    words = [f"Ġw{number}" for number in range(size - len(letters) - 1)]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list([*letters, *words, "</s>"])
    writer.add_token_types([gguf.TokenType.NORMAL] * (size - 1) + [gguf.TokenType.CONTROL])
    writer.add_token_merges(["Ġ w"])
    writer.add_eos_token_id(size - 1)
    writer.add_bos_token_id(size - 1)
    writer.add_add_bos_token(True)


def shapes(vocabulary: int) -> dict[str, tuple[int, int]]:
    """The matrices of a Llama, rows first."""
    square, wide, tall = (WIDTH, WIDTH), (WIDTH, INNER), (INNER, WIDTH)
    block = {f"attn_{part}": square for part in ("q", "k", "v", "output")}
    block |= {"ffn_gate": tall, "ffn_up": tall, "ffn_down": wide}
    return {
        "token_embd.weight": (vocabulary, WIDTH),
        "output.weight": (vocabulary, WIDTH),
        **{
            f"blk.{layer}.{name}.weight": shape
            for layer in range(LAYERS)
            for name, shape in block.items()
        },
    }


def norms() -> list[str]:
    blocks = [
        f"blk.{layer}.{part}_norm.weight" for layer in range(LAYERS) for part in ("attn", "ffn")
    ]
    return ["output_norm.weight", *blocks]


if __name__ == "__main__":
    sys.exit(main())
