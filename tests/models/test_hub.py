import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from flyball.errors import ModelError
from flyball.models import pull, read_metadata
from flyball.models.hub import CHUNK_BYTES
from tests.models.stand_ins import STRING, Reply, gguf, pair, serve, text

REPO = "someone/small"
MODEL = gguf(pair("general.name", STRING, text("small"))) + bytes(range(256)) * 8192
"""Two chunks and a bit."""


class Hub:
    """The endpoints of a Hugging Face hub that huggingface-hub asks."""

    def __init__(self) -> None:
        self.files = {"small.gguf": MODEL, "README.md": b"hello"}
        self.sha256 = hashlib.sha256(MODEL).hexdigest()
        self.cut_after: list[int] = []
        """For each fetch to come: after how many bytes the connection breaks."""
        self.ranges: list[str | None] = []
        self.ignores_ranges = False

    def __call__(self, method: str, path: str, headers: Mapping[str, str]) -> Reply:
        if path.startswith(f"/api/models/{REPO}/revision"):
            siblings = [{"rfilename": name} for name in self.files]
            about = {"id": REPO, "sha": "c" * 40, "siblings": siblings}
            return 200, {"Content-Type": "application/json"}, json.dumps(about).encode()
        if path.startswith(f"/api/models/{REPO}"):
            return self._listed()
        found = re.fullmatch(rf"/{REPO}/resolve/(?:main|c+)/(.+)", path)
        if found is None:
            return 404, {"X-Error-Code": "RepoNotFound"}, b""
        if found[1] not in self.files:
            return 404, {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": "c" * 40}, b""
        return self._file(method, found[1], headers.get("Range"))

    def _listed(self) -> Reply:
        rows = ",".join(
            f'{{"type": "file", "path": "{name}", "size": {len(data)}, "oid": "{"0" * 40}"}}'
            for name, data in self.files.items()
        )
        return 200, {"Content-Type": "application/json"}, f"[{rows}]".encode()

    def _file(self, method: str, name: str, span: str | None) -> Reply:
        data = self.files[name]
        etag = self.sha256 if name.endswith(".gguf") else hashlib.sha1(data).hexdigest()
        headers = {"X-Repo-Commit": "c" * 40, "ETag": f'"{etag}"', "Content-Length": str(len(data))}
        if method == "HEAD":
            return (
                200,
                headers | {"X-Linked-Etag": f'"{etag}"', "X-Linked-Size": str(len(data))},
                b"",
            )
        self.ranges.append(span)
        start = 0 if span is None or self.ignores_ranges else int(span[6:-1])
        headers["Content-Length"] = str(len(data) - start)
        end = self.cut_after.pop(0) if self.cut_after else len(data)
        return 206 if start else 200, headers, data[start : start + end]


@pytest.fixture
def hub() -> Hub:
    return Hub()


@pytest.fixture
def endpoint(hub) -> Iterator[str]:
    with serve(hub) as address:
        yield address


def parts(folder: Path) -> list[Path]:
    return list(folder.glob("*.part"))


def test_a_file_is_fetched_with_progress_and_checked(endpoint, tmp_path):
    seen: list[tuple[int, int | None]] = []
    path = pull(
        REPO,
        "small.gguf",
        to=tmp_path / "models",
        endpoint=endpoint,
        progress=lambda done, whole: seen.append((done, whole)),
    )
    assert path == tmp_path / "models" / "small.gguf"
    assert path.read_bytes() == MODEL
    assert read_metadata(path)["general.name"] == "small"
    assert seen[-1] == (len(MODEL), len(MODEL))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert len(seen) > 1
    assert not parts(path.parent)


def test_the_only_gguf_of_a_repository_need_not_be_named(endpoint, tmp_path):
    assert pull(REPO, to=tmp_path, endpoint=endpoint).name == "small.gguf"


def test_one_of_several_has_to_be_named(hub, endpoint, tmp_path):
    hub.files["large.gguf"] = MODEL
    with pytest.raises(ModelError, match=r"2 GGUF files; name one of: large\.gguf, small\.gguf"):
        pull(REPO, to=tmp_path, endpoint=endpoint)


def test_a_repository_without_a_gguf_is_refused(hub, endpoint, tmp_path):
    del hub.files["small.gguf"]
    with pytest.raises(ModelError, match="has no GGUF file"):
        pull(REPO, to=tmp_path, endpoint=endpoint)


def test_a_broken_connection_is_taken_up_where_it_broke(hub, endpoint, tmp_path):
    hub.cut_after = [CHUNK_BYTES + 7, 1000]
    path = pull(REPO, "small.gguf", to=tmp_path, endpoint=endpoint)
    assert path.read_bytes() == MODEL
    assert hub.ranges[0] is None
    assert all(span and span.startswith("bytes=") for span in hub.ranges[1:])
    assert len(hub.ranges) == 3


def test_a_call_that_was_interrupted_is_taken_up_by_the_next(hub, endpoint, tmp_path):
    def _stop(done: int, _: int | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pull(REPO, "small.gguf", to=tmp_path, endpoint=endpoint, progress=_stop)
    kept = parts(tmp_path)[0].stat().st_size
    assert 0 < kept < len(MODEL)
    assert not (tmp_path / "small.gguf").exists()
    path = pull(REPO, "small.gguf", to=tmp_path, endpoint=endpoint)
    assert path.read_bytes() == MODEL
    assert hub.ranges == [None, f"bytes={kept}-"]


def test_a_server_that_ignores_the_range_is_read_from_the_beginning(hub, endpoint, tmp_path):
    hub.cut_after, hub.ignores_ranges = [CHUNK_BYTES], True
    assert pull(REPO, "small.gguf", to=tmp_path, endpoint=endpoint).read_bytes() == MODEL


def test_a_part_of_an_older_version_is_not_gone_on_with(hub, endpoint, tmp_path):
    (tmp_path / "small.gguf.000000000000.part").write_bytes(b"older")
    pull(REPO, "small.gguf", to=tmp_path, endpoint=endpoint)
    assert hub.ranges == [None]


def test_a_file_that_is_there_already_is_not_fetched_again(hub, endpoint, tmp_path):
    pull(REPO, "small.gguf", to=tmp_path, endpoint=endpoint)
    pull(REPO, "small.gguf", to=tmp_path, endpoint=endpoint)
    assert len(hub.ranges) == 1


def test_an_older_file_is_replaced(endpoint, tmp_path):
    (tmp_path / "small.gguf").write_bytes(b"older")
    assert pull(REPO, "small.gguf", to=tmp_path, endpoint=endpoint).read_bytes() == MODEL


def test_a_wrong_checksum_deletes_what_came(hub, endpoint, tmp_path):
    hub.sha256 = "ab" * 32
    with pytest.raises(ModelError, match=r"arrived damaged .*abababab"):
        pull(REPO, "small.gguf", to=tmp_path, endpoint=endpoint)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_gguf_is_refused(hub, endpoint, tmp_path):
    hub.files["small.gguf"] = b"not a model"
    hub.sha256 = hashlib.sha256(b"not a model").hexdigest()
    with pytest.raises(ModelError, match="not a GGUF"):
        pull(REPO, "small.gguf", to=tmp_path, endpoint=endpoint)
    assert not (tmp_path / "small.gguf").exists()


def test_a_file_without_a_checksum_is_refused(endpoint, tmp_path):
    with pytest.raises(ModelError, match=r"no SHA-256 for 'README\.md'"):
        pull(REPO, "README.md", to=tmp_path, endpoint=endpoint)


def test_a_connection_that_keeps_breaking_is_given_up_and_the_part_kept(hub, endpoint, tmp_path):
    hub.cut_after = [1000] * 9
    with pytest.raises(ModelError, match=r"broke off .*call again, and it goes on from there"):
        pull(REPO, "small.gguf", to=tmp_path, endpoint=endpoint)
    assert parts(tmp_path)


@pytest.mark.parametrize(
    ("repo", "name", "complaint"),
    [
        (REPO, "absent.gguf", "has no file 'absent.gguf'"),
        ("someone/nothing", "small.gguf", "shows no repository 'someone/nothing'"),
        ("someone/nothing", None, "shows no repository|cannot be asked"),
        ("one/two/three", "small.gguf", "write it as OWNER/NAME"),
    ],
)
def test_what_the_hub_does_not_have_is_named(endpoint, tmp_path, repo, name, complaint):
    with pytest.raises(ModelError, match=complaint) as caught:
        pull(repo, name, to=tmp_path, endpoint=endpoint)
    assert "\n" not in str(caught.value)


def test_a_hub_that_is_down_is_named(tmp_path):
    with pytest.raises(ModelError, match=r"http://127\.0\.0\.1:1 cannot be asked for") as caught:
        pull(REPO, "small.gguf", to=tmp_path, endpoint="http://127.0.0.1:1")
    assert "\n" not in str(caught.value)


def test_a_hub_that_fails_is_named(tmp_path):
    with (
        serve(lambda *_: (500, {}, b"oops")) as endpoint,
        pytest.raises(ModelError, match=r"cannot be asked for 'someone/small' .*500"),
    ):
        pull(REPO, "small.gguf", to=tmp_path, endpoint=endpoint)


def test_a_folder_that_cannot_be_written_is_named(endpoint, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ModelError, match="cannot be written"):
        pull(REPO, "small.gguf", to=tmp_path / "file", endpoint=endpoint)
