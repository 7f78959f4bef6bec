"""Write a trained policy as GGUF: Qwen3's architecture, byte-level BPE tokenizer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy as np
import torch
from torch import Tensor

from training.model import Shape
from training.tokenizer import BOS, EOS, PAD

F16 = 1
ARCHITECTURE = "qwen3"
CHAT_TEMPLATE = "{% for message in messages %}{{ message['content'] }}{% endfor %}"
"""Servers that only chat pass the compact prompt through as it is."""

TENSORS = {
    "attn_norm": "attn_norm",
    "ffn_norm": "ffn_norm",
    "q_norm": "attn_q_norm",
    "k_norm": "attn_k_norm",
    "q": "attn_q",
    "k": "attn_k",
    "v": "attn_v",
    "o": "attn_output",
    "gate": "ffn_gate",
    "up": "ffn_up",
    "down": "ffn_down",
}


@dataclass(frozen=True, kw_only=True)
class Trained:
    """What an export needs."""

    name: str
    shape: Shape
    weights: dict[str, Tensor]
    tokenizer: Path
    reasons: bool = False


def export(trained: Trained, out: Path) -> None:
    """Write f16 matrices and f32 norms to `out`."""
    writer = gguf.GGUFWriter(str(out), ARCHITECTURE)
    _describe(writer, trained)
    _add_tokenizer(writer, json.loads(trained.tokenizer.read_text()))
    _add_tensors(writer, trained.weights, trained.shape.layers)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _describe(writer: gguf.GGUFWriter, trained: Trained) -> None:
    shape = trained.shape
    writer.add_name(trained.name)
    writer.add_string("flyball.format", "compact-reasoning" if trained.reasons else "compact")
    writer.add_license("Apache-2.0")
    writer.add_file_type(F16)
    writer.add_vocab_size(shape.vocabulary)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.hidden)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.heads)
    writer.add_key_length(shape.head_width)
    writer.add_value_length(shape.head_width)
    writer.add_layer_norm_rms_eps(shape.epsilon)
    writer.add_rope_dimension_count(shape.head_width)
    writer.add_rope_freq_base(shape.rope_base)


def _add_tokenizer(writer: gguf.GGUFWriter, tokenizer: dict[str, dict[str, object]]) -> None:
    ids, merges = tokenizer["model"]["vocab"], tokenizer["model"]["merges"]
    assert isinstance(ids, dict)
    assert isinstance(merges, list)
    tokens = sorted(ids, key=ids.__getitem__)
    control, normal = gguf.TokenType.CONTROL, gguf.TokenType.NORMAL
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types([control if ids[t] in (BOS, EOS, PAD) else normal for t in tokens])
    writer.add_token_merges([m if isinstance(m, str) else " ".join(m) for m in merges])
    writer.add_bos_token_id(BOS)
    writer.add_eos_token_id(EOS)
    writer.add_pad_token_id(PAD)
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(False)
    writer.add_chat_template(CHAT_TEMPLATE)


def _add_tensors(writer: gguf.GGUFWriter, weights: dict[str, Tensor], layers: int) -> None:
    def put(name: str, source: str) -> None:
        values = weights[source].to(torch.float32).numpy()
        writer.add_tensor(name, values.astype(np.float32 if values.ndim == 1 else np.float16))

    put("token_embd.weight", "embedding.weight")
    put("output_norm.weight", "norm.weight")
    for layer in range(layers):
        for ours, theirs in TENSORS.items():
            put(f"blk.{layer}.{theirs}.weight", f"blocks.{layer}.{ours}.weight")
