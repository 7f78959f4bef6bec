import pytest

from flyball.tools.browser.hosts import folder_of, may_open, outside


@pytest.mark.parametrize(
    ("url", "hosts", "allowed"),
    [
        ("http://example.org/a", ["example.org"], True),
        ("https://EXAMPLE.org:8443/a", ["example.org"], True),
        ("http://sub.example.org/", ["example.org"], False),
        ("http://sub.example.org/", ["*.example.org"], True),
        ("http://example.org/", ["*.example.org"], True),
        ("http://example.org.evil.net/", ["example.org"], False),
        ("http://evil.net/?example.org", ["example.org"], False),
        ("http://example.org@evil.net/", ["example.org"], False),
        ("http://user@example.org/", ["example.org"], True),
        ("http://exampleXorg/", ["example.org"], False),
        ("http://[::1]:80/", ["::1"], True),
        ("http://anything/", [], False),
    ],
)
def test_only_the_allowed_hosts_may_be_opened(url, hosts, allowed):
    assert may_open(url, hosts) is allowed
    assert bool(outside(hosts).match(url)) is not allowed


def test_pages_without_a_host_may_be_opened_and_other_schemes_may_not():
    assert may_open("about:blank", [])
    assert not may_open("ftp://example.org/", ["example.org"])
    assert not may_open("file:///etc/passwd", ["example.org"])


def test_files_may_be_opened_in_the_folder_that_a_run_begins_in(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "out").symlink_to(tmp_path)
    begun = [folder_of((tmp_path / "in" / "a page.html").as_uri())]
    assert may_open((tmp_path / "in" / "b.html").as_uri(), begun)
    for name in ("in/../b", "in/%2e%2e/b", "in/out/b", "inner/b", "in/%00"):
        assert not may_open(f"file://{tmp_path}/{name}", begun)
    assert outside(begun).match("http://example.org/")
