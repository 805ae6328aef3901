"""The server: `streamlit run app.py` starts it, warms it up, and serves what pages/frame.py draws."""

from __future__ import annotations

import os
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

# Read by libraries when they are imported, which is later: one thread for each computation, because two
# on a busy machine wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import streamlit as st
from starlette.middleware import Middleware

from pages.gate import Gate


@asynccontextmanager
async def lifespan(app: st.App) -> AsyncIterator[None]:
    """Load what the first visitor needs while the server already answers."""
    from pages.warmup import warm_up

    threading.Thread(target=warm_up, name="warm-up", daemon=True).start()
    yield


app = st.App("pages/frame.py", lifespan=lifespan, middleware=[Middleware(Gate)])
