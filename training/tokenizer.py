"""The bundled policies' tokenizer: byte-level BPE in which a string is always cut the same way.

Letters, digits and punctuation never share a token, so `bob` is the same tokens in a goal as
between the quotes of an element, which is what makes copying easy to learn. A quote that opens
takes the space in front of it along, which saves a token a line. llama.cpp's own pre-tokenizer
cannot cut differently: its pieces are unions of these.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

BOS, EOS, PAD = 0, 1, 2
SPECIAL = ["<s>", "</s>", "<pad>"]


def train_tokenizer(texts: Iterable[str], *, vocabulary: int) -> Tokenizer:
    """Learn `vocabulary` tokens, the 256 bytes and the special ones included."""
    tokenizer = assembled()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def assembled(
    tokens: Mapping[str, int] | None = None, merges: Sequence[tuple[str, str]] = ()
) -> Tokenizer:
    """Put a tokenizer together, of `tokens` with their numbers and the merges, if there are any."""
    tokenizer = Tokenizer(models.BPE(dict(tokens), list(merges)) if tokens else models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(r' "|[A-Za-z]+|[^A-Za-z]'), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def load_tokenizer(path: Path) -> Tokenizer:
    return Tokenizer.from_file(str(path))
