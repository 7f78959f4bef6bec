"""A text encoder as a monitor, tried on a small ModernBERT with random weights."""

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    ModernBertConfig,
    ModernBertForSequenceClassification,
    PreTrainedTokenizerFast,
)

from flyball.errors import ConfigError
from flyball.models.encoder import TextEncoder, window_text
from flyball.records import Ruling
from flyball.testing import check_monitor
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
