"""Downloads, from a real server on this machine."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import h5py
import pytest

from elmo_core.exceptions import CancelledError, DownloadError
from elmo_core.weights import published, registry
from elmo_core.weights.download import download_official
from elmo_core.weights.official import read_official
from elmo_core.weights.published import PublishedModel
from elmo_core.weights.registry import known_models, load_model
from tests.nn.official_layout import options_of
from tests.weights.official_files import write_model

OPTIONS = options_of(dim=256, projection_dim=64)
OPTIONS_NAME, WEIGHTS_NAME = "/models/test/elmo_test_options.json", "/models/test/elmo_test_weights.hdf5"


@dataclass
class Site:
    """Files of a server, its faults, and what it was asked for."""

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    knows_ranges: bool = True
    cut_after: int | None = None
    asked: list[tuple[str, str | None]] = field(default_factory=list)


def _handler(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            site.asked.append((self.path, self.headers["Range"]))
            content = site.files.get(self.path)
            if content is None:
                self.send_error(403)
                return
            asked = re.fullmatch(r"bytes=(\d+)-", self.headers["Range"] or "")
            start = int(asked[1]) if asked and site.knows_ranges else 0
            if start and start >= len(content):
                self.send_error(416)
                return
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(content) - start))
            self.end_headers()
            end = len(content)
            if site.cut_after is not None and self.path == WEIGHTS_NAME:
                end = min(end, start + site.cut_after)
            self.wfile.write(content[start:end])
            self.close_connection = True

        def log_message(self, *_):
            pass

    return Handler


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(published.platformdirs, "user_cache_dir", lambda *_, **__: str(tmp_path / "cache"))
    site = Site()
    write_model(tmp_path / "source", OPTIONS)
    site.files[OPTIONS_NAME] = (tmp_path / "source" / "options.json").read_bytes()
    site.files[WEIGHTS_NAME] = (tmp_path / "source" / "weights.hdf5").read_bytes()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(site))
    site.address = f"http://127.0.0.1:{server.server_port}/models/"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield site
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def model(tmp_path: Path, site: Site) -> PublishedModel:
    with h5py.File(tmp_path / "source" / "weights.hdf5") as file:
        sizes: list[int] = []
        file.visititems(lambda _, item: sizes.append(item.size) if isinstance(item, h5py.Dataset) else None)
    return PublishedModel("official-test", "ELMo test", "test", sum(sizes))


def test_both_files_arrive_and_are_used(site: Site, model: PublishedModel):
    seen: list[tuple[int, int]] = []
    folder = download_official(model, progress=lambda *now: seen.append(now), addresses=[site.address])
    assert folder == model.folder and model.is_available
    size = len(site.files[WEIGHTS_NAME])
    assert (folder / model.weights_name).read_bytes() == site.files[WEIGHTS_NAME]
    assert seen[-1] == (size, size) and seen == sorted(seen) and len(seen) > 1
    assert read_official(folder).model.config.lstm_dim == 256
    assert sorted(path.name for path in folder.iterdir()) == [model.options_name, model.weights_name]
    asked = len(site.asked)
    download_official(model, addresses=[site.address])
    assert len(site.asked) == asked


def test_an_interrupted_transfer_goes_on_where_it_stopped(site: Site, model: PublishedModel):
    site.cut_after = 300_000
    with pytest.raises(DownloadError, match=r"the transfer stopped after 300,000 of .*; try again to go on"):
        download_official(model, addresses=[site.address])
    assert not model.is_available
    site.cut_after = None
    seen: list[tuple[int, int]] = []
    download_official(model, progress=lambda *now: seen.append(now), addresses=[site.address])
    assert (WEIGHTS_NAME, "bytes=300000-") in site.asked
    assert seen[0][0] > 300_000
    assert (model.folder / model.weights_name).read_bytes() == site.files[WEIGHTS_NAME]


def test_the_second_address_goes_on_where_the_first_stopped(site: Site, model: PublishedModel):
    site.cut_after = len(site.files[WEIGHTS_NAME]) // 2 + 1
    download_official(model, addresses=[site.address, site.address])
    assert [requested for path, requested in site.asked if path == WEIGHTS_NAME] == [
        None,
        f"bytes={site.cut_after}-",
    ]
    assert (model.folder / model.weights_name).read_bytes() == site.files[WEIGHTS_NAME]


def test_a_server_without_ranges_begins_anew(site: Site, model: PublishedModel):
    site.cut_after = 300_000
    with pytest.raises(DownloadError):
        download_official(model, addresses=[site.address])
    site.cut_after, site.knows_ranges = None, False
    download_official(model, addresses=[site.address])
    assert (model.folder / model.weights_name).read_bytes() == site.files[WEIGHTS_NAME]


def test_a_part_that_is_too_long_is_thrown_away(site: Site, model: PublishedModel):
    model.folder.mkdir(parents=True)
    (model.folder / f"{model.weights_name}.part").write_bytes(bytes(len(site.files[WEIGHTS_NAME]) + 100_000))
    with pytest.raises(DownloadError, match="answers 416"):
        download_official(model, addresses=[site.address])
    download_official(model, addresses=[site.address])
    assert read_official(model.folder)


def test_a_complete_part_is_checked_and_used(site: Site, model: PublishedModel):
    model.folder.mkdir(parents=True)
    (model.folder / f"{model.weights_name}.part").write_bytes(site.files[WEIGHTS_NAME])
    download_official(model, addresses=[site.address])
    assert [path for path, _ in site.asked] == [OPTIONS_NAME]


def test_an_error_of_the_progress_stops_and_keeps_what_is_there(site: Site, model: PublishedModel):
    def cancel(done: int, total: int) -> None:
        raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        download_official(model, progress=cancel, addresses=[site.address])
    assert (model.folder / f"{model.weights_name}.part").stat().st_size > 0
    download_official(model, addresses=[site.address])
    assert model.is_available


def test_a_file_of_another_size_is_not_taken(site: Site, model: PublishedModel):
    site.files[WEIGHTS_NAME] = b"<html>moved</html>"
    with pytest.raises(DownloadError, match="has 18 bytes, which is not the published file"):
        download_official(model, addresses=[site.address])
    site.files[OPTIONS_NAME] = bytes(100_000)
    with pytest.raises(DownloadError, match=r"options\.json has 100,000 bytes"):
        download_official(model, addresses=[site.address])
    assert not model.is_available


def test_a_file_of_the_right_size_that_is_damaged_is_not_kept(site: Site, model: PublishedModel):
    good = site.files[WEIGHTS_NAME]
    site.files[WEIGHTS_NAME] = bytes(len(good))
    with pytest.raises(DownloadError, match="is damaged or not an HDF5 file"):
        download_official(model, addresses=[site.address])
    assert not (model.folder / f"{model.weights_name}.part").exists()
    site.files[WEIGHTS_NAME] = good
    download_official(model, addresses=[site.address])


def test_no_network_says_what_to_do_by_hand(site: Site, model: PublishedModel):
    with pytest.raises(DownloadError) as caught:
        download_official(model, addresses=["http://127.0.0.1:1/", f"{site.address}nothing/"])
    for part in (
        "no connection to http://127.0.0.1:1/test/elmo_test_options.json",
        "answers 403",
        f"put {model.options_name} and {model.weights_name}",
        f"into {model.folder}",
    ):
        assert part in str(caught.value)


def test_loading_downloads_only_when_asked(
    site: Site, model: PublishedModel, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(registry, "PUBLISHED", (model,))
    monkeypatch.setattr(registry, "_OFFICIAL", {model.name: model})
    monkeypatch.setattr(
        registry, "download_official", lambda *a, **k: download_official(*a, **k, addresses=[site.address])
    )
    with pytest.raises(FileNotFoundError, match="allow its download"):
        load_model(model.name)
    assert not site.asked
    stored = load_model(model.name, download=True)
    assert stored.name == model.name
    (entry,) = (entry for entry in known_models() if entry.name == model.name)
    assert entry.available and registry.download(entry) == model.folder
