import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from flyball.cli.models import models_app
from flyball.config import load_config, user_file
from flyball.errors import ConfigError, ModelError
from flyball.models import bundled_path
from tests.models.stand_ins import gguf, serve


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch) -> Path:
    """A working directory, and a user with a home of their own."""
    project = tmp_path / "project"
    project.mkdir()
    monkeypatch.chdir(project)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home" / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home" / "data"))
    return project


@pytest.fixture
def models() -> Callable[..., Result]:
    """Call `flyball models` with the given arguments."""

    def _models(*arguments: str) -> Result:
        result = CliRunner().invoke(models_app, arguments)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return _models


def test_the_bundled_models_are_listed_without_being_added(models):
    [row] = [row for row in rows(models("list", "--json")) if row["name"] == "bundled/small"]
    assert (row["kind"], row["problem"]) == ("bundled", None)
    assert row["format"] in ("chat", "compact")
    assert row["size_bytes"] == bundled_path("small").stat().st_size
    assert "bundled/small" in models("list").stdout


def test_a_file_is_added_beside_the_configuration_and_listed(models, project):
    (project / "m.gguf").write_bytes(gguf())
    (project / "flyball.toml").write_text("# mine\n[run]\nmax_steps = 3  # few\n")
    below = project / "below"
    below.mkdir()
    said = models("add", "m", "--gguf", "m.gguf", "--context", "2048", "--threads", "2").stdout
    assert "m was added to" in said
    text = (project / "flyball.toml").read_text()
    assert text.startswith("# mine\n[run]\nmax_steps = 3  # few\n")
    assert '[models.m]\ngguf = "m.gguf"\ncontext = 2048\nthreads = 2' in text
    spec = load_config(below).model("m")
    assert (spec.gguf, spec.context) == (project / "m.gguf", 2048)
    assert "2048" in models("list").stdout


def test_a_model_is_added_where_the_project_already_keeps_its_configuration(
    models, project, monkeypatch
):
    (project / "pyproject.toml").write_text("[tool.flyball.run]\nmax_steps = 3\n")
    (project / "below").mkdir()
    monkeypatch.chdir(project / "below")
    models("add", "m", "--server", "http://127.0.0.1:1/v1")
    assert (project / "flyball.toml").exists()
    assert load_config().run.max_steps == 3


def test_a_server_is_added_for_all_projects(models):
    models("add", "s", "--server", "http://127.0.0.1:1/v1", "--model", "q", "--global")
    models("add", "t", "--server", "http://127.0.0.1:2/v1", "--api-key-env", "K", "--global")
    assert load_config().model("s").model == "q"
    assert load_config().model("t").api_key_env == "K"
    assert user_file().read_text().count("[models.") == 2
    assert not Path("flyball.toml").exists()


def test_a_bundled_model_is_added_under_another_name(models):
    models("add", "s", "--gguf", "bundled/small", "--threads", "2")
    assert load_config().model("s").gguf == Path("bundled/small")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["m"], "exactly one of gguf"),
        (["m", "--gguf", "a", "--server", "http://h/v1"], "exactly one of gguf"),
        (["m", "--server", "h"], "'h' is no address"),
        (["m", "--server", "http://h/v1", "--context", "0"], "context: input should be greater"),
        (["m", "--server", "http://h/v1", "--format", "x"], "format: input should be 'compact'"),
        (["bundled/x", "--server", "http://h/v1"], "cannot be called 'bundled/x'"),
        ([" ", "--server", "http://h/v1"], "cannot be called ' '"),
    ],
)
def test_what_can_be_no_model_is_refused(models, arguments, message):
    with pytest.raises(ConfigError, match=message):
        models("add", *arguments)
    assert not Path("flyball.toml").exists()


@pytest.mark.parametrize(("data", "message"), [(b"PK", "not a GGUF"), (None, "cannot be read")])
def test_a_file_that_is_no_gguf_is_refused(models, project, data, message):
    if data:
        (project / "m.gguf").write_bytes(data)
    with pytest.raises(ModelError, match=message):
        models("add", "m", "--gguf", "m.gguf")
    assert not Path("flyball.toml").exists()


def test_a_name_that_is_taken_is_refused(models):
    models("add", "m", "--server", "http://h/v1")
    with pytest.raises(ConfigError, match="a model called 'm' already"):
        models("add", "m", "--server", "http://h/v1")


def test_a_configuration_that_cannot_be_written_is_named(models, project):
    (project / "flyball.toml.new").mkdir()
    with pytest.raises(ConfigError, match=r"flyball\.toml: cannot be written"):
        models("add", "m", "--server", "http://h/v1")


def test_a_broken_configuration_is_left_alone(models, project):
    (project / "flyball.toml").write_text("[run\n")
    with pytest.raises(ConfigError, match="is not valid TOML"):
        models("add", "m", "--server", "http://h/v1")
    assert (project / "flyball.toml").read_text() == "[run\n"


def test_a_file_that_went_missing_is_marked(models, project):
    (project / "m.gguf").write_bytes(gguf())
    models("add", "m", "--gguf", "m.gguf")
    (project / "m.gguf").unlink()
    assert "the file is missing" in models("list").stdout
    (project / "m.gguf").write_bytes(b"?")
    assert "not a GGUF" in models("list").stdout


@pytest.mark.llama
def test_a_model_that_works_is_said_to(models):
    result = models("check", "bundled/small")
    assert result.exit_code == 0
    assert result.stdout.startswith("bundled/small: ok, ")
    assert "tokens/s" in result.stdout
    assert "grammar" not in result.stdout


def test_a_server_that_takes_no_grammar_is_said_to(models, project):
    body = json.dumps({"choices": [{"index": 0, "text": " back", "finish_reason": "stop"}]})
    with serve(lambda *_: (200, {"Content-Type": "application/json"}, body.encode())) as address:
        table = f'[models.far]\nserver = "{address}"\nformat = "compact"\n'
        (project / "flyball.toml").write_text(table)
        assert "its server takes no grammar" in models("check", "far").stdout


def test_a_model_that_does_not_work_makes_the_exit_code_three(models, project):
    (project / "flyball.toml").write_text("[models.m]\ngguf = 'm.gguf'\n")
    result = models("check", "m")
    assert result.exit_code == 3
    assert result.stdout.startswith("m: failed after ")
    result = models("check", "m", "--json")
    assert result.exit_code == 3
    [row] = rows(result)
    assert (row["name"], row["ok"]) == ("m", False)


@pytest.mark.llama
def test_without_a_name_every_model_is_tried(models):
    assert "bundled/small" in {row["name"] for row in rows(models("check", "--json"))}


def test_a_name_that_is_no_models_is_refused(models):
    with pytest.raises(ConfigError, match="no model is called 'nonesuch'"):
        models("check", "nonesuch")


def test_a_model_is_fetched_from_a_hub_and_added(models):
    with serve(hub("tiny-q4.gguf", gguf())) as endpoint:
        said = models("pull", "we/tiny", "--endpoint", endpoint).stdout
        models(
            "pull", "we/tiny", "tiny-q4.gguf", "--endpoint", endpoint, "--name", "t", "--to", "."
        )
    assert "tiny-q4 was added to" in said
    fetched = load_config().model("tiny-q4").gguf
    assert fetched is not None
    assert fetched.read_bytes() == gguf()
    assert fetched.parent.name == "models"
    assert load_config().model("t").gguf == Path.cwd() / "tiny-q4.gguf"


def test_a_repository_that_a_hub_does_not_have_is_refused(models):
    missing = serve(lambda *_: (404, {"X-Error-Code": "RepoNotFound"}, b""))
    with missing as endpoint, pytest.raises(ModelError, match="we/tiny"):
        models("pull", "we/tiny", "--endpoint", endpoint)
    assert not Path("flyball.toml").exists()


def hub(name: str, data: bytes) -> Callable[..., tuple[int, dict[str, str], bytes]]:
    """A hub that has one repository with one file."""
    checksum = hashlib.sha256(data).hexdigest()

    def _reply(method: str, path: str, _: object) -> tuple[int, dict[str, str], bytes]:
        if path.startswith("/api/"):
            file = {"type": "file", "path": name, "size": len(data), "oid": "0" * 40}
            return 200, {"Content-Type": "application/json"}, json.dumps([file]).encode()
        return 200, {"ETag": f'"{checksum}"', "X-Repo-Commit": "0" * 40}, data

    return _reply


def rows(result: Result) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(result.stdout)["models"]
    return found
