"""Models in a browser: added by upload, chosen, kept over a reload, shared by link, compared, removed."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.pages.gestures import settle

pytestmark = pytest.mark.browser

PAGES = ("", "static", "layers", "maps", "read", "lessons", "classify", "entities", "train")
DRAWN = {"", "static", "layers", "maps", "read"}


def reads_with(page: Page, name: str) -> None:
    expect(page.get_by_test_id("stSidebar").get_by_text(f"Model: {name}", exact=True).first).to_be_visible()
    settle(page)


def test_an_uploaded_model_is_used_shared_compared_and_removed(
    visit: Callable[..., Page], browser: Browser, wide: BrowserContext, random_bert: Path
):
    page = visit("/models")
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(sorted(random_bert.iterdir()))
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("button", name="Use it on all pages").click()
    reads_with(page, "my-model")
    page.reload()
    reads_with(page, "my-model")

    for name in PAGES:  # each opens with a transformer, draws, and sends nothing away
        opened = visit(f"/{name}?model=my-model")
        reads_with(opened, "my-model")
        expect(opened.get_by_test_id("stAlertContentError")).to_have_count(0)
        if name in DRAWN:
            expect(opened.locator(".js-plotly-plot").first).to_be_visible()

    other = visit("/models", screen=browser.new_context())  # another visitor keeps the usual model
    reads_with(other, "tiny")
    linked = visit("/models?model=my-model&compare=tiny", screen=browser.new_context())
    reads_with(linked, "my-model")
    expect(linked).to_have_url(re.compile("compare=tiny"))
    reads_with(page, "my-model")
    reads_with(other, "tiny")

    page.locator("[class*=my-model_removal]").get_by_role("button", name="Remove", exact=True).click()
    page.get_by_role("button", name="Delete it").click()
    reads_with(page, "tiny")
    linked.reload()
    reads_with(linked, "tiny")
    expect(linked.get_by_text("There is no model named my-model")).to_be_visible()
