"""Entities in a real browser: upload, train, a missed entity in the differences, download."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.pages.gestures import PATIENCE_S, settle, tick_row

pytestmark = pytest.mark.browser
TRAIN = "".join(
    f"{name}\tB-PER\nleft\tO\n{place}\tB-LOC\n.\tO\n\n"
    for name in ("Ann", "Bob", "Cara", "Dan")
    for place in ("Oslo", "Rome", "Lima")
)
TEST = TRAIN + "Zacharias\tB-PER\nVanderbilt\tI-PER\nwhispered\tO\n\n"


def test_upload_train_differences_download(visit: Callable[..., Page], tmp_path: Path):
    for name, text in (("train.conll", TRAIN), ("test.conll", TEST)):
        (tmp_path / name).write_text(text)
    page = visit("/entities")
    page.get_by_role("radio", name="My file").or_(page.get_by_role("button", name="My file")).first.click()
    for key, name in (("entities_train", "train.conll"), ("entities_test", "test.conll")):
        page.locator(f".st-key-{key} input[type=file]").set_input_files(tmp_path / name)
        expect(page.get_by_text(f"sentences in {name}")).to_be_visible()
    expect(page.get_by_text("12 sentences to learn from")).to_be_visible()
    page.get_by_role("button", name=re.compile("^.*Train")).click()
    expect(page.get_by_text("Too few test sentences to tell")).to_be_visible(timeout=1000 * PATIENCE_S)
    settle(page)

    page.get_by_role("radio", name="Differences").or_(
        page.get_by_role("button", name="Differences")
    ).first.click()
    page.get_by_label("Method", exact=True).click()
    page.get_by_role("option", name="look-up").click()
    expect(page.get_by_text("missed (1)")).to_be_visible()
    settle(page)
    tick_row(page.locator(".st-key-entities_differences"), 0)
    settle(page)
    expect(page.locator("mark", has_text="Zacharias Vanderbilt")).to_have_count(1)  # in the gold line alone

    page.get_by_role("radio", name="Take away").or_(
        page.get_by_role("button", name="Take away")
    ).first.click()
    with page.expect_download() as download:
        page.get_by_role("button", name="JSONL").click()
    rows = [json.loads(line) for line in Path(download.value.path()).read_text().splitlines()]
    assert len(rows) == 13
    assert rows[0]["tokens"] == ["Ann", "left", "Oslo", "."]
