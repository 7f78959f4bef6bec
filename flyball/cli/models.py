"""`flyball models`: which models there are, and whether they work."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flyball.cli.options import UNHELD, JsonOption, waited

if TYPE_CHECKING:
    from flyball.models import ModelCheck, ModelSpec

MACHINE_LACKS = 3
BUNDLED = "bundled"

models_app = typer.Typer(help="List, add, fetch and try out models.", no_args_is_help=True)

GlobalOption = Annotated[
    bool, typer.Option("--global", help="Write to your own configuration, for all projects.")
]


@models_app.command("list")
def list_models(as_json: JsonOption = False) -> None:
    """List the models that can be named, the bundled ones too."""
    from flyball.config import load_config

    config = load_config()
    rows = [_row(config.model(name)) for name in config.model_names()]
    if as_json:
        typer.echo(json.dumps({"models": rows}, indent=2))
        return
    columns = ("name", "kind", "where", "format", "size", "context", "problem")
    _print_table(columns, [{**row, "size": _size(row["size_bytes"])} for row in rows])


@models_app.command()
def add(  # noqa: PLR0913 - one parameter an option
    name: Annotated[str, typer.Argument(help="What to call it.")],
    gguf: Annotated[Path | None, typer.Option(help="A GGUF file.")] = None,
    server: Annotated[
        str | None, typer.Option(help="Address of an OpenAI-compatible server.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="What the server calls it.")] = None,
    api_key_env: Annotated[
        str | None, typer.Option(help="The environment variable that holds the key.")
    ] = None,
    model_format: Annotated[
        str | None,
        typer.Option("--format", help="chat, compact or compact-reasoning."),
    ] = None,
    context: Annotated[int | None, typer.Option(help="Most tokens of prompt and answer.")] = None,
    threads: Annotated[int | None, typer.Option(help="Threads for a GGUF file.")] = None,
    gpu_layers: Annotated[
        int | None, typer.Option(help="Layers to put on the GPU; -1 for all.")
    ] = None,
    timeout_seconds: Annotated[
        float | None, typer.Option(help="How long the server may be silent.")
    ] = None,
    local: Annotated[
        bool | None, typer.Option(help="Whether the server runs on this machine's electricity.")
    ] = None,
    provider: Annotated[
        str | None, typer.Option(help="Whose price list holds, as genai-prices names it.")
    ] = None,
    everywhere: GlobalOption = False,
) -> None:
    """Give a model a name: a GGUF file on this machine, or a model behind a server."""
    settings = {
        "gguf": gguf,
        "server": server,
        "model": model,
        "api_key_env": api_key_env,
        "format": model_format,
        "context": context,
        "threads": threads,
        "gpu_layers": gpu_layers,
        "timeout_seconds": timeout_seconds,
        "local": local,
        "provider": provider,
    }
    _add(name, settings, everywhere=everywhere)


@models_app.command()
def check(
    name: Annotated[str | None, typer.Argument(help="The model; all of them if none.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Load or ask each model, and say whether it works. The exit code is 3 if one does not."""
    from flyball.config import load_config

    config = load_config()
    names = [name] if name else config.model_names()
    rows: list[dict[str, Any]] = []
    for each in names:
        row = _checked(config.model(each))
        rows.append(row)
        if not as_json:
            typer.echo(_report(row))
    if as_json:
        typer.echo(json.dumps({"models": rows}, indent=2))
    if not all(row["ok"] for row in rows):
        raise typer.Exit(MACHINE_LACKS)


@models_app.command()
def pull(
    repo: Annotated[str, typer.Argument(help="A repository with a GGUF: OWNER/NAME.")],
    file: Annotated[str | None, typer.Argument(help="Which file, if there are several.")] = None,
    name: Annotated[str | None, typer.Option(help="What to call it.", show_default="FILE")] = None,
    to: Annotated[Path | None, typer.Option(help="The folder to put it into.")] = None,
    endpoint: Annotated[str | None, typer.Option(help="Another hub than huggingface.co.")] = None,
    everywhere: GlobalOption = False,
) -> None:
    """Fetch a GGUF from a Hugging Face repository, and give it a name."""
    path = _fetch(repo, file, to, endpoint)
    _add(name or path.stem, {"gguf": path}, everywhere=everywhere)


def _add(name: str, settings: dict[str, Any], *, everywhere: bool) -> None:
    """Write a model into the configuration, once it is sure that it can be one."""
    from flyball.config import user_file
    from flyball.config.writing import add_model, check_settings, project_file
    from flyball.models import ModelSpec, gguf_path, read_metadata

    target = user_file() if everywhere else project_file(Path.cwd())
    given = {key: value for key, value in settings.items() if value is not None}
    gguf: Path | None = given.get("gguf")
    if gguf:
        given["gguf"] = _as_written(gguf, target)
    check_settings(name, given, target.parent)
    if gguf and (path := gguf_path(ModelSpec(name=name, gguf=gguf))):
        read_metadata(path)
    add_model(target, name, given)
    typer.echo(f"{name} was added to {target}; try it out with: flyball models check {name}")


def _as_written(path: Path, target: Path) -> str:
    """Write a path relative to the file that it stands in, if it lies below it."""
    if _is_bundled(path):
        return path.as_posix()
    full = path.expanduser().absolute()
    below = target.parent.absolute()
    return full.relative_to(below).as_posix() if full.is_relative_to(below) else str(full)


def _row(spec: ModelSpec) -> dict[str, Any]:
    """What is known of a model without loading or asking it."""
    from flyball.errors import ModelError
    from flyball.models import gguf_path, model_format, read_metadata, usable_context

    row: dict[str, Any] = {
        "name": spec.name,
        "kind": _kind(spec),
        "where": spec.server,
        "format": spec.format,
        "size_bytes": None,
        "context": spec.context,
        "problem": None,
    }
    try:
        if path := gguf_path(spec):
            row |= {"where": str(path)}
            if not path.is_file():
                return row | {"problem": "the file is missing"}
            context = usable_context(spec, read_metadata(path))
            row |= {"size_bytes": path.stat().st_size, "context": context or spec.context}
        return row | {"format": model_format(spec)}
    except ModelError as error:
        return row | {"problem": str(error)}


def _kind(spec: ModelSpec) -> str:
    if spec.gguf is None:
        return "server"
    return BUNDLED if _is_bundled(spec.gguf) else "gguf"


def _is_bundled(path: Path) -> bool:
    return path.parts[:-1] == (BUNDLED,)


def _checked(spec: ModelSpec) -> dict[str, Any]:
    from flyball.models import check_model

    begun = time.perf_counter()
    found: ModelCheck = waited(check_model(spec))
    return {**asdict(found), "seconds": time.perf_counter() - begun}


def _report(row: dict[str, Any]) -> str:
    """Say in a line what came of a check."""
    if not row["ok"]:
        return f"{row['name']}: failed after {row['seconds']:.1f} s: {row['problem']}"
    speed = row["tokens_per_second"]
    told = "" if speed is None else f", {speed:.0f} tokens/s"
    told += "" if row["grammar"] is not False else f"; {UNHELD}"
    return f"{row['name']}: ok, {row['seconds']:.1f} s{told}"


def _fetch(repo: str, file: str | None, to: Path | None, endpoint: str | None) -> Path:
    """Fetch a file from a hub, with a bar of its progress on stderr."""
    import platformdirs
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn
    from rich.progress import TransferSpeedColumn as Speed

    from flyball.models import pull as fetch

    folder = to or Path(platformdirs.user_data_dir("flyball", appauthor=False)) / "models"
    columns = (BarColumn(), DownloadColumn(), Speed(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        job = bar.add_task(repo, total=None)

        def _tell(have: int, size: int | None) -> None:
            bar.update(job, completed=have, total=size)

        return fetch(repo, file, to=folder, endpoint=endpoint, progress=_tell).absolute()


def _print_table(columns: tuple[str, ...], rows: list[dict[str, Any]]) -> None:
    """Print rows under the names of their columns, each as wide as it needs."""
    lines = [columns]
    lines += [tuple("-" if row[key] is None else str(row[key]) for key in columns) for row in rows]
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        typer.echo("  ".join(cells).rstrip())


def _size(size_bytes: int | None) -> str | None:
    if size_bytes is None:
        return None
    return f"{size_bytes / 1e9:.1f} GB" if size_bytes >= 1e9 else f"{size_bytes / 1e6:.1f} MB"
