"""A model of the user's own, from an upload or a path of this machine."""

from __future__ import annotations

import tempfile
from pathlib import Path

import streamlit as st

from elmo_core.exceptions import ElmoError
from elmo_core.own_models import add_model, free_model_name, refuse_model_name
from elmo_core.weights.registry import ModelEntry, own_models_folder
from pages.common import jobs
from pages.common.chosen_model import choose_model, model_here
from pages.common.job import Job
from pages.common.jobs import StartButton
from pages.common.loaders import digest
from pages.common.markdown import escape_markdown
from pages.common.permissions import may_name_files
from pages.common.results import visitor_results
from pages.common.upload import UploadedFile, remove_upload, upload_file

_MOST_MB = 1_000


def show_adding(page: str) -> None:
    """Let the visitor add a model; the page goes on without one."""
    file = upload_file(
        f"{page}_file",
        "The files of a model, or one .zip with them",
        ("zip", "json", "safetensors", "hdf5", "txt", "md"),
        max_mb=_MOST_MB,
        several=True,
    )
    path = _choose_path(page) if may_name_files() else ""
    source = file or path
    if not source:
        st.caption(
            "A biLM of this program is config.json, model.safetensors and vocab.txt; an official one is "
            "options.json and weights.hdf5. A transformer of Hugging Face, such as BERT, is config.json, "
            "model.safetensors, tokenizer.json and tokenizer_config.json. It is read before it is kept, "
            f"under {escape_markdown(str(own_models_folder()))}. Pickled files (.bin, .pt, .pkl) are never "
            "opened, and code beside a model is never run."
        )
        return
    key = f"{page}_name_{file.key if file else digest(path.encode())}"
    st.session_state.setdefault(key, free_model_name(Path(file.name if file else path).stem))
    name = st.text_input("Name", max_chars=60, key=key, width=320).strip()
    _add(page, source, name)


def _choose_path(page: str) -> str:
    return st.text_input(
        "Or a folder or .zip on this machine", key=f"{page}_path", max_chars=1000, placeholder="run/model"
    ).strip()


def _add(page: str, source: UploadedFile | str, name: str) -> None:
    refuse = ""
    try:
        refuse_model_name(name)
    except ElmoError as error:
        refuse = str(error)
    key = ("added", name, source if isinstance(source, str) else source.key)

    def work(job: Job) -> ModelEntry:
        job.report("Reading it", 0.1)
        if isinstance(source, str):
            return add_model(Path(source).expanduser(), name)
        with tempfile.TemporaryDirectory() as folder:
            archive = Path(folder) / f"{name}.zip"
            archive.write_bytes(source.content)
            job.report("Reading it", 0.3)
            return add_model(archive, name)

    results = visitor_results("models", 4)
    if key in results and model_here(name):
        st.success(f"{escape_markdown(name)} is added.")
        st.button("Use it on all pages", key=f"{page}_use_new", on_click=_use, args=(page, name))
        return
    if refuse:
        st.warning(escape_markdown(refuse))
        return
    jobs.run_or_offer(
        f"{page}_add",
        key,
        f"Adding {name}",
        work,
        seconds=1.0,
        results=results,
        button=StartButton("Add", icon=":material/add:", can_repeat=True),
    )
    if model_here(name):  # it may have been removed since
        st.rerun()


def _use(page: str, name: str) -> None:
    choose_model(name)
    remove_upload(f"{page}_file")
