"""The training of the bundled policies, on a configuration of seconds."""

import asyncio
import random
import re
from dataclasses import replace

import pytest
import torch

from flyball.agents.compact import decode
from flyball.models import LlamaModel, read_metadata
from flyball.records import Request
from flyball.tools.page import parse
from training.batches import LEAST_NEED, MOST_NEED, Source, kinds
from training.drills import Words, form, lookups
from training.examples import Example, example
from training.export import TENSORS, Trained, export
from training.model import SHAPES, Shape, Transformer
from training.muon import orthogonalise
from training.origin import read_model, read_tokenizer
from training.recipe import Recipe
from training.skills import skills
from training.tokenizer import PAD, load_tokenizer
from training.train import VALIDATION, divided, prepare_tokenizer
from training.trainer import Trainer
from training.wordings import requoted, reworded, varied

WORDS = Words(words=("bob", "maria", "tea", "Oslo", "blue"))
RECIPE = Recipe(shape="tiny", tokens=60_000, drills_only=2_000)
torch.set_num_threads(1)


@pytest.fixture(scope="module")
def examples():
    rng = random.Random(0)
    return [form(rng, WORDS) for _ in range(300)]


@pytest.fixture(scope="module")
def tokenizer(examples, tmp_path_factory):
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    return prepare_tokenizer(path, examples, WORDS), path


@pytest.fixture(scope="module")
def source(examples, tokenizer):
    return Source(demonstrations=examples, words=WORDS, tokenizer=tokenizer[0], size=96)


def made(source, folder, recipe=RECIPE):
    folder.mkdir(exist_ok=True)
    return Trainer(recipe, source, folder, "cpu")


def test_every_drill_has_an_answer_that_its_page_allows():
    rng = random.Random(1)
    for _ in range(500):
        for each in (form(rng, WORDS), *lookups(rng, WORDS)):
            action = decode(each.answer, parse("\n".join(each.lines)))
            assert action.tool != "invalid", each.answer
            if not action.is_final:
                page = {e.number: e.label for e in parse("\n".join(each.lines)) if e.number}
                assert page[action.arguments["element"]] == action.arguments["target"]


def test_what_is_typed_is_in_the_goal():
    rng = random.Random(2)
    for _ in range(300):
        each = form(rng, WORDS)
        if decode(each.answer).tool == "fill":
            assert str(decode(each.answer).arguments["text"]) in each.goal


def test_a_varied_demonstration_changes_the_quoted_string_everywhere():
    shown = Example(
        task="enter-text",
        goal='Enter "Keli" and press Submit.',
        lines=('textbox "" 1 = "Keli"', 'textbox "" 2 = "••••"'),
        told=('click "Keli"',),
        answer=' fill "" 1 "Keli"',
    )
    rng = random.Random(3)
    changed = requoted(shown, rng, WORDS)
    assert "Keli" not in str(changed)
    new = str(decode(changed.answer).arguments["text"])
    assert f'"{new}"' in changed.goal
    assert changed.lines[1] == f'textbox "" 2 = "{"•" * len(new)}"'
    assert example(shown.as_dict() | {"lines": list(shown.lines), "told": ["x"]}).goal == shown.goal


def test_a_goal_is_said_in_other_words_but_what_it_quotes_is_not():
    rng = random.Random(4)
    goal = 'Enter "Select Enter" into the text field and press Submit.'
    said = {reworded(goal, rng) for _ in range(200)}
    assert len(said) > 20
    assert all('"Select Enter"' in each for each in said)


def test_what_a_quoted_string_means_is_left_alone_where_it_means_something():
    shown = Example(
        task="enter-text-2",
        goal='Type "DANNIE" in all upper case letters.',
        lines=('textbox "" 1',),
        told=(),
        answer=' fill "" 1 "DANNIE"',
    )
    rng = random.Random(5)
    assert all("DANNIE" in varied(shown, rng, WORDS).answer for _ in range(200))


def test_what_is_got_wrong_is_drawn_more_often(examples, tokenizer):
    source = Source(demonstrations=examples, words=WORDS, tokenizer=tokenizer[0], size=400)
    errors = {kind: 0.0 for by_kind in source.by_kind.values() for kind in by_kind}
    needs = source.needs(errors)
    for task in ("form", "popup"):
        assert sum(n for (t, _), n in needs.items() if t == task) == pytest.approx(LEAST_NEED)
    wrong = next(kind for kind in source.by_kind["form"] if "fill" in kind)
    needs = source.needs(errors | {wrong: 1.0})
    assert max(needs, key=needs.__getitem__) == ("form", wrong)
    assert max(needs.values()) < MOST_NEED + LEAST_NEED
    batches = list(source.round(0, drills=0.0, tokens=4096, errors=errors | {wrong: 1.0}))
    drawn = [kind for batch in batches for kind in batch.kinds]
    assert len(drawn) == 400
    assert drawn.count(wrong) > 250


def test_steps_are_of_one_kind_by_what_they_do_as_far_as_it_is_common():
    def step(answer, *lines):
        return Example(task="t", goal="", lines=lines, told=(), answer=answer)

    often = [step(f' click "Submit" {i}', f'button "Submit" {i} disabled') for i in range(10)]
    seldom = [step(f' click "{i}" {i}', 'tab "1" 99', f'link "{i}" {i}') for i in range(30)]
    typed = [step(f' fill "To" 1 "{i}"', 'textbox "To" 1') for i in range(30)]
    found = kinds([*often, *seldom, *typed, step(" finish"), step(" back")])
    assert {kind: len(examples) for kind, examples in found.items()} == {
        't: click button "Submit"': 10,
        "t: click link": 30,
        't: fill textbox "To"': 30,
        "t: finish": 1,
        "t: back": 1,
    }


def test_each_task_has_its_share_of_the_trials(examples):
    kept, rest = divided(list(examples), seed=0)
    assert len(kept) + len(rest) == len(examples)
    assert {t: [e.task for e in kept].count(t) for t in ("form", "popup")} == {
        "form": VALIDATION,
        "popup": VALIDATION,
    }


def test_a_deeper_model_says_what_it_said():
    torch.manual_seed(1)
    model = Transformer(Shape(vocabulary=64, width=64, layers=2, heads=1, hidden=96))
    tokens = torch.randint(0, 64, (2, 12))
    before = model(tokens)
    model.deepen(3)
    assert len(model.blocks) == model.shape.layers == 3
    assert torch.allclose(model(tokens), before, atol=1e-5)
    with pytest.raises(ValueError, match="3 layers cannot become 9"):
        model.deepen(9)


def test_a_wider_model_says_what_it_said_and_its_copies_learn_different_things():
    torch.manual_seed(1)
    model = Transformer(Shape(vocabulary=64, width=64, layers=2, heads=1, hidden=96))
    wide = model.widened(2)
    assert (wide.shape.width, wide.shape.heads, wide.shape.hidden) == (128, 2, 192)
    tokens = torch.randint(0, 64, (2, 12))
    assert torch.allclose(wide(tokens), model(tokens), atol=1e-5)
    wide(tokens).square().mean().backward()
    gradient = wide.embedding.weight.grad
    assert not torch.allclose(gradient[:, :64], gradient[:, 64:])


def test_a_larger_shape_grows_from_a_smaller_one(
    source, examples, tokenizer, tmp_path, monkeypatch
):
    wide = Shape(width=128, layers=3, heads=2, hidden=256)
    monkeypatch.setitem(SHAPES, "wide", wide)
    origin = tmp_path / "tiny.gguf"
    grown = replace(RECIPE, shape="wide", grown_from=str(origin), tokens=3_000)
    with pytest.raises(SystemExit, match="train it first"):
        made(source, tmp_path / "wide", grown)
    small = made(source, tmp_path / "tiny")
    small.run(examples[:20])
    weights = small.model.state_dict()
    shape, place = small.model.shape, tokenizer[1]
    export(Trained(name="t", shape=shape, weights=weights, tokenizer=place), origin)
    trainer = made(source, tmp_path / "wide", grown)
    assert trainer.model.shape == wide
    tokens = torch.randint(0, 64, (2, 12))
    assert torch.allclose(trainer.model(tokens), small.model(tokens), atol=2e-2)
    trainer.run(examples[:20])
    again = read_tokenizer(origin)
    for each in examples[:20]:
        assert again.encode(each.prompt).ids == tokenizer[0].encode(each.prompt).ids
    monkeypatch.setitem(SHAPES, "wide", replace(wide, hidden=192))
    with pytest.raises(SystemExit, match="cannot become"):
        made(source, tmp_path / "other", grown)
    monkeypatch.setitem(SHAPES, "wide", wide)
    resumed = made(source, tmp_path / "wide", grown)
    resumed.resume()
    assert resumed.seen == trainer.seen


def test_a_string_is_cut_the_same_way_wherever_it_stands(tokenizer):
    encode = tokenizer[0].encode
    alone = encode("maria42").ids
    for around in ('x "{}"', '"{}"', " {},", "({})", "\n{}\n"):
        tokens = encode(around.format("maria42")).ids
        assert any(tokens[i : i + len(alone)] == alone for i in range(len(tokens)))


def test_a_batch_marks_the_answers_and_nothing_else(source, tokenizer):
    batch = source.round(0, drills=0.5, tokens=1024)[0]
    for targets, answers in zip(batch.targets, batch.answers, strict=True):
        text = tokenizer[0].decode(targets[answers].tolist(), skip_special_tokens=False)
        assert all(decode(line).tool != "invalid" for line in text.split("</s>")[:-1])
        assert not (targets[answers] == PAD).any()


def test_a_round_is_the_same_each_time(source):
    first, again = (list(source.round(3, drills=0.4, tokens=512)) for _ in range(2))
    assert all(torch.equal(a.inputs, b.inputs) for a, b in zip(first, again, strict=True))


def test_muon_brings_the_singular_values_near_one():
    torch.manual_seed(0)
    values = torch.linalg.svdvals(orthogonalise(torch.randn(2, 16, 48)))
    assert values.min() > 0.5
    assert values.max() < 1.4


def test_training_learns_and_an_interrupted_run_ends_where_an_unbroken_one_does(
    source, examples, tmp_path
):
    whole = made(source, tmp_path / "whole")
    whole.run(examples[:20])
    log = whole.report(len(examples))["log"]
    assert log[-1]["loss"] < log[0]["loss"] - 1
    assert "accuracy" in log[-1]

    broken = made(source, tmp_path / "broken")
    rounds, learn = broken.round, broken.learn

    def learn_for_two_rounds(batch):
        if broken.round == rounds + 2:
            raise KeyboardInterrupt
        return learn(batch)

    broken.learn = learn_for_two_rounds
    with pytest.raises(KeyboardInterrupt):
        broken.run(examples[:20])
    resumed = made(source, tmp_path / "broken")
    resumed.run(examples[:20])
    assert (resumed.round, resumed.seen) == (whole.round, whole.seen)
    for a, b in zip(whole.model.parameters(), resumed.model.parameters(), strict=True):
        assert torch.equal(a, b)


def test_a_checkpoint_of_another_recipe_is_not_taken_up(source, tmp_path):
    made(source, tmp_path / "run").save()
    other = made(source, tmp_path / "run", replace(RECIPE, seed=1))
    with pytest.raises(SystemExit, match="another recipe"):
        other.resume()


def test_a_policy_of_the_llama_architecture_is_read_with_its_queries_and_keys_normalised(
    tokenizer, tmp_path, monkeypatch
):
    """Its pairs of neighbours become halves, and what its heads were sized becomes norms."""
    shape, path = Shape(width=64, layers=1, heads=1, hidden=128), tmp_path / "model.gguf"
    model = Transformer(shape)
    torch.manual_seed(3)
    weights = {n: torch.randn_like(w) * 0.02 for n, w in model.state_dict().items()}
    weights |= {n: torch.ones_like(w) for n, w in weights.items() if w.dim() == 1}
    weights["blocks.0.q.weight"] *= 50  # its queries are of size 8, its keys of size 2
    weights["blocks.0.k.weight"] *= 12.5
    monkeypatch.setattr("training.export.ARCHITECTURE", "llama")
    monkeypatch.delitem(TENSORS, "q_norm")
    monkeypatch.delitem(TENSORS, "k_norm")
    export(Trained(name="t", shape=shape, weights=weights, tokenizer=tokenizer[1]), path)
    monkeypatch.undo()
    read = read_model(path).state_dict()
    assert read["blocks.0.q_norm.weight"] == pytest.approx(torch.full((64,), 4.0), rel=0.1)
    assert torch.allclose(read["blocks.0.q.weight"][1], weights["blocks.0.q.weight"][2], atol=1e-3)
    assert torch.allclose(read["blocks.0.q.weight"][32], weights["blocks.0.q.weight"][1], atol=1e-3)


@pytest.mark.llama
def test_the_exported_file_says_what_torch_says(tokenizer, tmp_path):
    torch.manual_seed(0)
    shape = Shape(width=64, layers=2, heads=1, hidden=128)
    model, path = Transformer(shape).eval(), tmp_path / "model.gguf"
    export(Trained(name="t", shape=shape, weights=model.state_dict(), tokenizer=tokenizer[1]), path)
    assert read_metadata(path)["flyball.format"] == "compact"
    text = 'Click on "Oslo".\nbutton "Oslo" 1\nlast \n>'
    tokens = [0, *load_tokenizer(tokenizer[1]).encode(text).ids]
    with LlamaModel(path, name="t") as llama:
        answer = asyncio.run(llama.complete(Request(prompt=text, max_tokens=1)))
    with torch.no_grad():
        expected = torch.log_softmax(model(torch.tensor([tokens]))[0, -1], -1)
    assert answer.usage.input_tokens == len(tokens)
    assert answer.logprobs[0] == pytest.approx(float(expected.max()), abs=0.01)


def test_a_made_up_skill_is_answered_by_what_its_page_says():
    rng = random.Random(2)
    for each in (e for _ in range(300) for e in skills(rng, WORDS)):
        line = decode(each.answer)
        number, value = line.arguments["element"], str(line.arguments.get("text", ""))
        named = next(entry for entry in each.lines if f" {number}" in entry.split('"')[-1])
        assert line.arguments["target"] in named
        if "value of" in each.goal:
            head = each.goal.split("value of ")[1].split(" into")[0]
            assert f'text "{head} | {value}"' in each.lines
        if sum_ := re.match(r'textbox "(\d+) ([-+x]) (\d+) ="', each.lines[0]):
            a, sign, b = int(sum_[1]), sum_[2], int(sum_[3])
            assert int(value) == {"+": a + b, "-": a - b, "x": a * b}[sign]
        if equation := re.match(r'text "(\S+) ([-+]) (\S+) = (\S+)"', each.lines[0]):
            left, right = (value if x == "x" else x for x in (equation[1], equation[3]))
            signed = int(right) if equation[2] == "+" else -int(right)
            assert int(left) + signed == int(equation[4])
        if time := re.search(r"(\d+):(\d\d) ([AP])M", each.goal):
            assert int(value[:2]) % 12 == int(time[1]) % 12
            assert (int(value[:2]) >= 12) == (time[3] == "P")
            assert value[3:] == time[2]
        if case := re.search("(upper|lower) case", each.goal):
            assert value.lower() in each.goal.lower()
            assert value == (value.upper() if case[1] == "upper" else value.lower())
        if each.goal.startswith("Enter the") and each.goal[10].isdigit():
            place = int(re.search(r"\d+", each.goal)[0])
            words = re.findall(r"[\w@#$%&*-]+", each.lines[0].split('"')[1])
            assert words[place - 1] == value
