"""A text encoder as a monitor, tried on a small ModernBERT with random weights."""

import shutil
import warnings
from pathlib import Path

import onnx
import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    ModernBertConfig,
    ModernBertForSequenceClassification,
    PreTrainedTokenizerFast,
)

from flyball.errors import ConfigError
from flyball.models.classifiers import chances_of
from flyball.models.encoder import TextEncoder, window_text
from flyball.records import Ruling
from flyball.testing import check_monitor
from tests.models.stand_ins import serve
from tests.models.test_hub import REPO, Hub
from tests.monitors.learned.runs import TASK, a_run


@pytest.fixture(scope="module")
def classifier(tmp_path_factory):
    folder = tmp_path_factory.mktemp("classifier")
    words = ["[UNK]", "[PAD]", "[CLS]", "[SEP]", "Action", "click", "wait", "fill", "Goal", "maria"]
    tokenizer = Tokenizer(models.WordLevel({w: at for at, w in enumerate(words)}, "[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="[UNK]", pad_token="[PAD]", cls_token="[CLS]"
    ).save_pretrained(folder)
    config = ModernBertConfig(
        vocab_size=len(words),
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=64,
        pad_token_id=1,
        cls_token_id=2,
        bos_token_id=2,
        sep_token_id=3,
        eos_token_id=3,
        num_labels=2,
    )
    ModernBertForSequenceClassification(config).save_pretrained(folder)
    return str(folder)


def test_a_classifier_from_a_directory_keeps_the_promises_of_every_monitor(classifier):
    runs = [a_run(length) for length in (1, 4, 30)]
    for ruling, policy in ((Ruling.VERIFY, None), (Ruling.ESCALATE, "large")):
        monitor = TextEncoder(model=classifier, ruling=ruling, policy=policy, threshold=0.0)
        check_monitor(monitor, runs)
        assert monitor.judge(runs[2]).ruling is ruling
        assert monitor.judge(runs[0]).ruling is Ruling.CONTINUE


@pytest.fixture(scope="module")
def exported(classifier, tmp_path_factory):
    """The same classifier as ONNX, its file in a folder of its own below its tokenizer's."""
    folder = tmp_path_factory.mktemp("exported")
    for name in ("tokenizer.json", "config.json"):
        shutil.copy(Path(classifier) / name, folder)
    path = folder / "onnx" / "model.onnx"
    path.parent.mkdir()
    names = ("input_ids", "attention_mask")
    # Torch warns of its own use of what it is about to change.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            ModernBertForSequenceClassification.from_pretrained(classifier).eval(),
            (),
            path,
            kwargs={name: torch.ones(1, 7, dtype=torch.int64) for name in names},
            input_names=names,
            output_names=["logits"],
            dynamic_shapes={name: {1: "tokens"} for name in names},
            dynamo=True,
        )
    return path


def test_a_classifier_as_onnx_says_what_it_says_as_torch(classifier, exported):
    there, here = TextEncoder(model=str(exported)), TextEncoder(model=classifier)
    runs = [a_run(length) for length in (1, 4, 30)]
    check_monitor(there, runs)
    for run in runs:
        assert there.judge(run).score == pytest.approx(here.judge(run).score, abs=1e-5)


def test_an_onnx_file_is_fetched_from_the_hub_with_what_belongs_to_it(
    exported, tmp_path, monkeypatch
):
    hub = Hub()
    folder = exported.parent.parent
    files = [path for path in folder.rglob("*") if path.is_file()]
    hub.files = {str(path.relative_to(folder)): path.read_bytes() for path in files}
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    run = a_run(5)
    with serve(hub) as address:
        monkeypatch.setenv("HF_ENDPOINT", address)
        fetched = TextEncoder(model=f"{REPO}/onnx/model.onnx")
        with pytest.raises(ConfigError, match="someone/small has no such file"):
            TextEncoder(model=f"{REPO}/onnx/other.onnx")
    assert fetched.judge(run).score == TextEncoder(model=str(exported)).judge(run).score


def test_what_is_no_onnx_classifier_is_one_clear_error(exported, tmp_path):
    with pytest.raises(ConfigError, match="there is no such file"):
        TextEncoder(model="nowhere.onnx")
    alone = tmp_path / "alone" / "model.onnx"
    alone.parent.mkdir()
    shutil.copy(exported, alone)
    with pytest.raises(ConfigError, match=r"give an ONNX file with its tokenizer\.json"):
        TextEncoder(model=str(alone))
    shutil.copy(exported.parent.parent / "tokenizer.json", alone.parent)
    alone.write_bytes(b"no model")
    with pytest.raises(ConfigError, match="no sequence classifier that can be read") as told:
        TextEncoder(model=str(alone))
    assert "\n" not in str(told.value)


def test_a_classifier_that_gives_no_number_rules_nothing(exported, tmp_path):
    model = onnx.load(exported)
    (out,) = model.graph.output
    for node in model.graph.node:
        node.output[:] = ["sound" if name == out.name else name for name in node.output]
    model.graph.node.append(onnx.helper.make_node("Sub", ["sound", "sound"], ["zero"]))
    model.graph.node.append(onnx.helper.make_node("Div", ["zero", "zero"], [out.name]))
    shutil.copy(exported.parent.parent / "tokenizer.json", tmp_path)
    onnx.save(model, tmp_path / "model.onnx")
    verdict = TextEncoder(model=str(tmp_path / "model.onnx")).judge(a_run(5))
    assert (verdict.ruling, verdict.confidence) == (Ruling.CONTINUE, 0)
    assert verdict.error.endswith("gave no number")


def test_a_single_label_has_a_probability_of_its_own():
    assert chances_of([0.0]) == [0.5]
    assert chances_of([-1e4])[0] < 1e-300
    assert chances_of([1e4, 0.0]) == [1, 0]


def test_its_labels_share_one_probability(classifier):
    one, other = (TextEncoder(model=classifier, label=label) for label in (0, 1))
    run = a_run(6)
    assert one.judge(run).score + other.judge(run).score == pytest.approx(1.0)


def test_it_reads_the_window_and_nothing_before(classifier):
    run, other = a_run(9), a_run(9, seed=1)
    mixed = type(run)(task=TASK, steps=(*other.steps[:6], *run.steps[6:]))
    monitor = TextEncoder(model=classifier, window=3)
    assert monitor.judge(mixed).score == monitor.judge(run).score


def test_what_it_reads_is_told_in_one_format():
    run = a_run(3)
    plain = window_text(run, window=2)
    assert plain.count("Action: ") == 2
    assert "Goal" not in plain
    assert "Saw: url" not in plain
    told = window_text(run, window=2, goal=True, observations=True)
    assert told.startswith('Goal: Log in as "maria"')
    assert "Saw: url" in told


def test_what_is_no_classifier_is_one_clear_error(tmp_path, classifier, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ConfigError, match="no sequence classifier that can be read"):
        TextEncoder(model=str(tmp_path))
    with pytest.raises(ConfigError, match="has labels 0 to 1"):
        TextEncoder(model=classifier, label=2)
    with pytest.raises(ConfigError, match="cannot escalate"):
        TextEncoder(model=classifier, ruling=Ruling.ESCALATE)
