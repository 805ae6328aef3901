"""The official models over the network: only when asked for, resumable, checked before they are used."""

from __future__ import annotations

import http
import http.client
import os
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path

from elmo_core.exceptions import DownloadError, ModelError
from elmo_core.progress import Progress
from elmo_core.weights.official import check_official
from elmo_core.weights.published import ADDRESSES, PublishedModel

_TIMEOUT_S = 30.0
_BLOCK_BYTES = 1 << 18
_MAX_OPTIONS_BYTES = 1 << 16
_one_at_a_time = threading.Lock()


def download_official(
    model: PublishedModel, *, progress: Progress | None = None, addresses: Sequence[str] = ADDRESSES
) -> Path:
    """Fetch the two files of an official model into the user's cache, unless they are there.

    What was received of the weights before a transfer broke off stays in a `.part` file, and the
    next call goes on from there.

    Args:
        model: one of `published.PUBLISHED`.
        progress: called with (bytes received, bytes in all) of the weights, by far the larger file.
        addresses: roots to try, in this order.

    Returns:
        The folder of the model.

    Raises:
        DownloadError: no address gave the files, or they did not pass their checks; the message says
            how to place them by hand.
    """
    with _one_at_a_time:
        if model.is_available:
            return model.folder
        reasons = []
        for address in addresses:
            try:
                _fetch_model(model, f"{address}{model.stem}/", progress)
                return model.folder
            except (OSError, http.client.HTTPException, ModelError) as error:
                reasons.append(str(error).rstrip(".") or type(error).__name__)
        raise DownloadError(f"{model.title} could not be downloaded ({'; '.join(reasons)}). {by_hand(model)}")


def by_hand(model: PublishedModel) -> str:
    """One sentence: how to use an official model on a machine without a network."""
    return (
        f"Without a network, put {model.options_name} and {model.weights_name} "
        f"(published at {ADDRESSES[0]}{model.stem}/) into {model.folder}."
    )


def _fetch_model(model: PublishedModel, address: str, progress: Progress | None) -> None:
    model.folder.mkdir(parents=True, exist_ok=True)
    options, weights = (model.folder / f"{name}.part" for name in (model.options_name, model.weights_name))
    options.unlink(missing_ok=True)
    _fetch(address + model.options_name, options, lambda size: 0 < size <= _MAX_OPTIONS_BYTES, None)
    _fetch(address + model.weights_name, weights, model.is_size_possible, progress)
    try:
        check_official(options, weights)
    except ModelError:
        weights.unlink()
        raise
    os.replace(options, model.folder / model.options_name)
    os.replace(weights, model.folder / model.weights_name)


def _fetch(
    address: str, part: Path, is_size_possible: Callable[[int], bool], progress: Progress | None
) -> None:
    """Receive one file, going on from what is there of it."""
    n_bytes = part.stat().st_size if part.exists() else 0
    if n_bytes and is_size_possible(n_bytes):
        return
    headers = {"Range": f"bytes={n_bytes}-"} if n_bytes else {}
    request = urllib.request.Request(address, headers=headers)  # noqa: S310 (an address of `published`)
    try:
        response = urllib.request.urlopen(request, timeout=_TIMEOUT_S)  # noqa: S310 (the same)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            part.unlink()
        raise DownloadError(f"{address} answers {error.code} {error.reason}") from None
    except urllib.error.URLError as error:
        raise DownloadError(f"no connection to {address}: {error.reason}") from None
    with response:
        if response.status != http.HTTPStatus.PARTIAL_CONTENT:
            n_bytes = 0
        total = n_bytes + int(response.headers.get("Content-Length") or 0)
        if not is_size_possible(total):
            raise DownloadError(f"{address} has {total:,} bytes, which is not the published file")
        n_bytes = _receive(response, part, n_bytes, total, progress)
    if n_bytes != total:
        raise DownloadError(
            f"the transfer stopped after {n_bytes:,} of {total:,} bytes; try again to go on from there"
        )


def _receive(
    response: http.client.HTTPResponse, part: Path, n_bytes: int, total: int, progress: Progress | None
) -> int:
    """Append to the part what comes, up to the announced size; returns the bytes that are there."""
    with part.open("ab" if n_bytes else "wb") as out:
        while n_bytes < total and (block := response.read(min(_BLOCK_BYTES, total - n_bytes))):
            out.write(block)
            n_bytes += len(block)
            if progress:
                progress(n_bytes, total)
    return n_bytes
