"""Qwen3's architecture as llama.cpp runs it: RMSNorm, normalised queries and keys, RoPE, tied.

Normalised queries and keys (Henry et al. 2020) took half as many tokens to learn to copy: after
0.6M tokens of copy drills the loss was 0.63, and 1.17 without them.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True, kw_only=True)
class Shape:
    """The size of a model."""

    vocabulary: int = 1024
    """With 2,048, copying took half as many tokens again to appear, and saved 5 % of them."""
    width: int = 128
    layers: int = 4
    heads: int = 2
    """64 wide each: with 32, copying took twice as long to appear."""
    hidden: int = 512
    context: int = 2048
    rope_base: float = 10_000.0
    epsilon: float = 1e-5

    @property
    def head_width(self) -> int:
        return self.width // self.heads


SHAPES = {
    "small": Shape(),
    "strong": Shape(width=256, layers=6, heads=4, hidden=1024),
    "tiny": Shape(width=64, layers=2, heads=1, hidden=128),
}


class Transformer(nn.Module):
    """Gives logits (batch, length, vocabulary) for tokens (batch, length)."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.embedding = nn.Embedding(shape.vocabulary, shape.width)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = nn.RMSNorm(shape.width, eps=shape.epsilon)
        exponents = torch.arange(0, shape.head_width, 2).float() / shape.head_width
        angles = torch.outer(torch.arange(shape.context).float(), shape.rope_base**-exponents)
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)
        nn.init.normal_(self.embedding.weight, std=0.02)
        residual = 0.02 / (2 * shape.layers) ** 0.5
        for name, matrix in self.matrices().items():
            nn.init.normal_(
                matrix, std=residual if name.endswith(("o.weight", "down.weight")) else 0.02
            )

    def matrices(self) -> dict[str, nn.Parameter]:
        """The weights that Muon trains: every matrix but the embedding."""
        return {n: p for n, p in self.named_parameters() if p.dim() == 2 and "embedding" not in n}

    def forward(self, tokens: Tensor) -> Tensor:
        x, length = self.embedding(tokens), tokens.shape[1]
        cos, sin = self.get_buffer("cos")[:length], self.get_buffer("sin")[:length]
        for block in self.blocks:
            x = block(x, cos, sin)
        return functional.linear(self.norm(x), self.embedding.weight)

    @torch.no_grad()
    def deepen(self, layers: int) -> None:
        """Grow to `layers`, at most twice as many, without a change of what the model says.

        The upper blocks get a copy behind them that adds nothing at first (progressive
        stacking, Gong et al. 2019, made to preserve the function as in Net2Net, Chen et al. 2016).
        """
        old = list(self.blocks)
        kept = 2 * len(old) - layers
        if not 0 <= kept <= len(old):
            raise ValueError(f"{len(old)} layers cannot become {layers}")
        grown = old[:kept]
        for block in old[kept:]:
            copy = deepcopy(block)
            assert isinstance(copy, Block)
            copy.o.weight.zero_()
            copy.down.weight.zero_()
            grown += [block, copy]
        self.blocks = nn.ModuleList(grown)
        self.shape = replace(self.shape, layers=layers)

    @torch.no_grad()
    def widened(self, times: int) -> Transformer:
        """Give a model `times` as wide, of the same depth and head width, that says the same.

        Every feature is there `times` over, and what reads it takes a random share of each copy
        (Net2Wider, Chen et al. 2016), so that the copies learn different things.
        """
        old = self.shape
        shape = replace(
            old, width=old.width * times, heads=old.heads * times, hidden=old.hidden * times
        )
        wide = Transformer(shape)
        matrices, own = wide.matrices(), self.matrices()
        for name, parameter in self.named_parameters():
            target = dict(wide.named_parameters())[name]
            if name in matrices:
                target.copy_(_tiled(own[name], times))
            elif target.shape == parameter.shape:  # of one head, and heads are as wide as before
                target.copy_(parameter)
            else:
                target.copy_(parameter.repeat(*[1] * (parameter.dim() - 1), times))
        wide.norm.weight.div_(times)  # each copy adds the same to what a tied output says
        return wide


def _tiled(matrix: Tensor, times: int) -> Tensor:
    """Repeat `matrix` (rows, columns) both ways; the shares of a column's copies sum to 1."""
    rows, columns = matrix.shape
    shares = torch.rand(times * rows, times, columns) + 0.5
    shares /= shares.sum(1, keepdim=True)
    return (matrix.repeat(times, 1).unsqueeze(1) * shares).flatten(1)


class Block(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        width, hidden = shape.width, shape.hidden
        self.heads = shape.heads
        self.attn_norm = nn.RMSNorm(width, eps=shape.epsilon)
        self.ffn_norm = nn.RMSNorm(width, eps=shape.epsilon)
        self.q_norm = nn.RMSNorm(shape.head_width, eps=shape.epsilon)
        self.k_norm = nn.RMSNorm(shape.head_width, eps=shape.epsilon)
        self.q, self.k, self.v, self.o = (nn.Linear(width, width, bias=False) for _ in range(4))
        self.gate, self.up = (nn.Linear(width, hidden, bias=False) for _ in range(2))
        self.down = nn.Linear(hidden, width, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        batch, length, width = x.shape
        y = self.attn_norm(x)
        q, k, v = (
            project(y).view(batch, length, self.heads, -1).transpose(1, 2)
            for project in (self.q, self.k, self.v)
        )
        q, k = self.q_norm(q.float()), self.k_norm(k.float())
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        y = attend(q.to(v.dtype), k.to(v.dtype), v)
        x = x + self.o(y.transpose(1, 2).reshape(batch, length, width))
        y = self.ffn_norm(x)
        update: Tensor = self.down(functional.silu(self.gate(y)) * self.up(y))
        return x + update


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn the pairs (i, i + half) of x (batch, heads, length, head width) by their position."""
    a, b = x.chunk(2, -1)
    return torch.cat((a * cos - b * sin, a * sin + b * cos), -1)


def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Causal attention; on a GPU fused, on a CPU plain, which is faster at these lengths."""
    if q.is_cuda:
        return functional.scaled_dot_product_attention(q, k, v, is_causal=True)
    length = q.shape[2]
    mask = torch.full((length, length), float("-inf"), dtype=q.dtype).triu(1)
    return torch.softmax((q * q.shape[-1] ** -0.5) @ k.transpose(-1, -2) + mask, -1) @ v
