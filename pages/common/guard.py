"""Errors on a page, shown as one sentence while the rest of the app stays as it is."""

from __future__ import annotations

import errno
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from elmo_core.exceptions import ElmoError
from pages.common.markdown import escape_markdown

LOGGER = logging.getLogger(__name__)

NO_MEMORY = "There is not enough memory for this; use a smaller part of the text or file."
NO_SPACE = "The disk of the server is full; make room there and try again."
TOO_DEEP = "The input is nested too deeply to be read; use another file or link."


@contextmanager
def said_in_one_sentence() -> Iterator[None]:
    """Show errors that a visitor can cause as a sentence; let faults of the program pass."""
    try:
        yield
    except (ElmoError, MemoryError, RecursionError, OSError) as error:
        sentence = sentence_of(error)
        if sentence is None:
            raise
        if not isinstance(error, ElmoError):
            LOGGER.exception("a page failed")
        st.error(escape_markdown(sentence))


def sentence_of(error: BaseException) -> str | None:
    """Return the sentence about an error for visitors; None for a fault of the program."""
    if isinstance(error, ElmoError):
        return str(error)
    if isinstance(error, MemoryError):
        return NO_MEMORY
    if isinstance(error, RecursionError):
        return TOO_DEEP
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return NO_SPACE
    return None
