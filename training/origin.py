"""Read a policy that was exported back, for a larger one to grow from or to train it on."""

from __future__ import annotations

from pathlib import Path

import gguf
import torch
from tokenizers import Tokenizer
from torch import Tensor

from training.export import TENSORS
from training.model import Llama, Shape
from training.tokenizer import SPECIAL, assembled


def read_model(path: Path) -> Llama:
    """Give the model of a GGUF file that `export` wrote: its matrices as they are there, in f16."""
    reader = gguf.GGUFReader(path)
    shape = _shape(reader)
    model, found = Llama(shape), {tensor.name: tensor.data for tensor in reader.tensors}

    def get(name: str) -> Tensor:
        return torch.from_numpy(found[name].copy()).float()

    weights = {
        "embedding.weight": get("token_embd.weight"),
        "norm.weight": get("output_norm.weight"),
    }
    for layer in range(shape.layers):
        for ours, theirs in TENSORS.items():
            weights[f"blocks.{layer}.{ours}.weight"] = get(f"blk.{layer}.{theirs}.weight")
    model.load_state_dict(weights)
    return model


def read_tokenizer(path: Path) -> Tokenizer:
    """Give the tokenizer of a GGUF file that `export` wrote."""
    reader = gguf.GGUFReader(path)
    tokens = _texts(reader, "tokenizer.ggml.tokens")
    merges = [
        (first, second)
        for first, _, second in (m.partition(" ") for m in _texts(reader, "tokenizer.ggml.merges"))
    ]
    tokenizer = assembled({token: number for number, token in enumerate(tokens)}, merges)
    tokenizer.add_special_tokens(SPECIAL)
    return tokenizer


def _shape(reader: gguf.GGUFReader) -> Shape:
    def number(name: str) -> int:
        return int(reader.fields[f"llama.{name}"].contents())

    return Shape(
        vocabulary=number("vocab_size"),
        width=number("embedding_length"),
        layers=number("block_count"),
        heads=number("attention.head_count"),
        hidden=number("feed_forward_length"),
        context=number("context_length"),
    )


def _texts(reader: gguf.GGUFReader, key: str) -> list[str]:
    return [str(each) for each in reader.fields[key].contents()]
