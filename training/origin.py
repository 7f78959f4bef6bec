"""Read a policy that was exported back, for a larger one to grow from or to train it on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import gguf
import torch
from tokenizers import Tokenizer
from torch import Tensor

from training.export import TENSORS
from training.model import Shape, Transformer
from training.tokenizer import SPECIAL, assembled


def read_model(path: Path) -> Transformer:
    """Give the model of a GGUF file that `export` wrote: its matrices as they are there, in f16.

    One of the Llama architecture, which came before, has its queries and keys normalised to what
    their size was in a layer on average. That unsettles it (the loss of answers went from 0.14 to
    1.5 nats a token), and 0.23M tokens of training brought it back.
    """
    reader = gguf.GGUFReader(path)
    shape = _shape(reader)
    model, found = Transformer(shape), {tensor.name: tensor.data for tensor in reader.tensors}

    def get(name: str) -> Tensor:
        return torch.from_numpy(found[name].copy()).float()

    weights = {
        "embedding.weight": get("token_embd.weight"),
        "norm.weight": get("output_norm.weight"),
    }
    for layer in range(shape.layers):
        names = {f"blk.{layer}.{theirs}.weight": ours for ours, theirs in TENSORS.items()}
        block = {ours: get(name) for name, ours in names.items() if name in found}
        if "q_norm" not in block:
            block |= _normalised(block, shape)
        weights |= {f"blocks.{layer}.{name}.weight": value for name, value in block.items()}
    model.load_state_dict(weights)
    return model


def _normalised(block: Mapping[str, Tensor], shape: Shape) -> dict[str, Tensor]:
    """Give queries and keys with halves in place of neighbours turned, and norms as large as both.

    An input of `attn_norm` has features of size 1, so that a head's have the size of its matrix.
    """
    heads = dict[str, Tensor]()
    for name in ("q", "k"):
        rows = block[name].view(shape.heads, shape.head_width // 2, 2, shape.width)
        heads[name] = rows.transpose(1, 2).reshape(shape.heads, shape.head_width, shape.width)
    sizes = [
        (heads[name] * block["attn_norm"]).square().sum((1, 2)).div(shape.head_width).sqrt()
        for name in heads
    ]
    size = (sizes[0] * sizes[1]).log().mean().exp().sqrt()
    norm = torch.full((shape.head_width,), float(size))
    matrices = {name: each.flatten(0, 1) for name, each in heads.items()}
    return matrices | {"q_norm": norm, "k_norm": norm.clone()}


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
    architecture = str(reader.fields["general.architecture"].contents())

    def number(name: str) -> int:
        return int(reader.fields[f"{architecture}.{name}"].contents())

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
