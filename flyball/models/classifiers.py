"""Sequence classifiers from Hugging Face or as ONNX: a text in, a probability a label out."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from platformdirs import user_data_path

from flyball.errors import ConfigError, PluginError

TOKENIZER, CONFIGURATION = "tokenizer.json", "config.json"


class Classifier(Protocol):
    """Says how likely each of its labels is."""

    labels: int

    def chances(self, text: str, longest: int) -> Sequence[float]:
        """A probability for each label; of more than `longest` tokens the last are read."""
        ...


def load_classifier(model: str) -> Classifier:
    """An ONNX file, or a directory or a name on the hub of a Hugging Face classifier.

    An ONNX file lies on this machine, or on the hub as `owner/name/path/model.onnx`. Raises
    `ConfigError`, and `PluginError` where a package is missing.
    """
    return _Onnx(model) if model.endswith(".onnx") else _Transformers(model)


def chances_of(logits: Sequence[float]) -> Sequence[float]:
    """Softmax; of a single logit, the logistic function."""
    if len(logits) == 1:
        return [1 / (1 + math.exp(-max(logits[0], -700.0)))]
    most = max(logits)
    powers = [math.exp(each - most) for each in logits]
    return [each / sum(powers) for each in powers]


class _Transformers:
    """A classifier that torch computes. Needs the extra `encoder`."""

    def __init__(self, model: str) -> None:
        try:
            from transformers import (  # noqa: PLC0415
                AutoModelForSequenceClassification,
                AutoTokenizer,
            )
        except ImportError as error:
            raise _lacking(error, "encoder") from error
        try:
            self._tokenizer: Any = AutoTokenizer.from_pretrained(model)
            classifier: Any = AutoModelForSequenceClassification.from_pretrained(model)
        except (OSError, ValueError, KeyError) as error:
            raise _unreadable(
                model,
                error,
                "give a directory with its configuration, weights and tokenizer, or a name on"
                " the hub",
            ) from error
        self._tokenizer.truncation_side = "left"
        self._classifier = classifier.eval()
        self.labels = int(classifier.config.num_labels)

    def chances(self, text: str, longest: int) -> Sequence[float]:
        import torch  # noqa: PLC0415 - an extra's package, which most who import us lack

        longest = min(longest, self._classifier.config.max_position_embeddings)
        tokens = self._tokenizer(text, truncation=True, max_length=longest, return_tensors="pt")
        with torch.inference_mode():
            return chances_of(self._classifier(**tokens).logits[0].float().tolist())


class _Onnx:
    """A classifier that ONNX Runtime computes, on the CPU. Needs the extra `onnx`."""

    def __init__(self, model: str) -> None:
        try:
            import onnxruntime  # type: ignore[import-untyped]  # noqa: PLC0415
            from tokenizers import Tokenizer  # noqa: PLC0415
        except ImportError as error:
            raise _lacking(error, "onnx") from error
        path = _local(model) or _fetched(model)
        remedy = f"give an ONNX file with its {TOKENIZER} beside it or a folder above"
        try:
            self._tokenizer: Any = Tokenizer.from_file(str(_beside(path, TOKENIZER)))
            self._session: Any = onnxruntime.InferenceSession(
                str(path), providers=["CPUExecutionProvider"]
            )
            self._longest = _longest(path)
            self.labels = len(self.chances("Action: wait", 8))
        # Both packages raise classes of their own, which have nothing in common.
        except Exception as error:
            raise _unreadable(model, error, remedy) from error

    def chances(self, text: str, longest: int) -> Sequence[float]:
        import numpy  # noqa: PLC0415

        self._tokenizer.enable_truncation(min(longest, self._longest), direction="left")
        tokens = self._tokenizer.encode(text)
        given = {
            "input_ids": tokens.ids,
            "attention_mask": tokens.attention_mask,
            "token_type_ids": tokens.type_ids,
        }
        wanted = [each.name for each in self._session.get_inputs()]
        inputs = {name: numpy.array([given[name]], numpy.int64) for name in wanted}
        (logits, *_) = self._session.run(None, inputs)
        return chances_of([float(each) for each in logits[0]])


def _local(model: str) -> Path | None:
    path = Path(model).expanduser()
    return path if path.is_file() else None


def _fetched(model: str) -> Path:
    """The file on the hub that `owner/name/path/model.onnx` names, once it is here."""
    try:
        from huggingface_hub import HfApi  # noqa: PLC0415
    except ImportError as error:
        raise _lacking(error, "onnx") from error
    owner, _, rest = model.partition("/")
    name, _, file = rest.partition("/")
    remedy = "give a file that is here, or owner/name/path/model.onnx on the hub"
    if not (owner and name and file):
        raise ConfigError(f"{model}: there is no such file; {remedy}")
    inside = file.rpartition("/")[0] + "/" if "/" in file else ""
    # ONNX Runtime reads no weights through a link, which is what the hub's own cache is made of.
    folder = user_data_path("flyball", appauthor=False) / "models" / owner / name
    try:
        HfApi(endpoint=os.environ.get("HF_ENDPOINT")).snapshot_download(
            f"{owner}/{name}",
            local_dir=folder,
            allow_patterns=[f"{file}*", CONFIGURATION, TOKENIZER, inside + TOKENIZER],
        )
    except Exception as error:
        raise _unreadable(model, error, remedy) from error
    if not (folder / file).is_file():
        raise ConfigError(f"{model}: {owner}/{name} has no such file; {remedy}")
    return folder / file


def _beside(path: Path, name: str) -> Path:
    """`name` in the folder of `path` or the one above, as the hub's folders `onnx` have it."""
    places = [path.parent / name, path.parent.parent / name]
    return next((place for place in places if place.is_file()), places[0])


def _longest(path: Path) -> int:
    """How many tokens the configuration beside a model allows; any number without one."""
    place = _beside(path, CONFIGURATION)
    if not place.is_file():
        return 1 << 30
    return int(json.loads(place.read_text("utf-8")).get("max_position_embeddings", 1 << 30))


def _lacking(error: ImportError, extra: str) -> PluginError:
    return PluginError(f"text_encoder needs {error.name}; pip install 'flyball[{extra}]'")


def _unreadable(model: str, error: BaseException, remedy: str) -> ConfigError:
    why = " ".join(str(error).split())
    return ConfigError(f"{model!r} is no sequence classifier that can be read: {why}; {remedy}")
