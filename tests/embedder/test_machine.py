"""What a machine offers: memory is asked for before it is taken, formats are chosen by its abilities."""

from __future__ import annotations

import pytest
import torch

from elmo_core import memory
from elmo_core.embedder import load_elmo
from elmo_core.embedding import machine
from elmo_core.exceptions import InputError

CPU = torch.device("cpu")


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Stand-ins for what the kernel tells; they do not exist at first."""
    monkeypatch.setattr(memory, "_MACHINE", tmp_path / "meminfo")
    monkeypatch.setattr(machine, "_PROCESSOR", tmp_path / "cpuinfo")
    monkeypatch.setattr(memory, "_OWN_GROUP", tmp_path / "cgroup")
    monkeypatch.setattr(memory, "_GROUPS", tmp_path / "groups")
    return tmp_path


def test_a_result_that_would_not_fit_is_refused_before_any_work(files):
    (files / "meminfo").write_text("MemTotal: 9 kB\nMemAvailable:  100 kB\n")
    elmo, seen = load_elmo("tiny"), []
    with pytest.raises(InputError, match=r"1,000 tokens \(3 layers of 16\) take .* embed fewer sentences"):
        elmo.embed([["a"] * 1000], progress=lambda *numbers: seen.append(numbers))
    assert seen == []
    assert len(elmo.embed([["a"] * 300])) == 1


@pytest.mark.parametrize("text", [None, "", "MemTotal: 9 kB\n"])
def test_a_machine_that_does_not_tell_is_trusted(files, text):
    if text is not None:
        (files / "meminfo").write_text(text)
    assert memory.available_bytes() is None
    memory.require_memory(10**12, 3, 1024)


def test_the_limit_of_a_container_counts(files):
    (files / "meminfo").write_text("MemAvailable: 1000 kB\n")
    (files / "cgroup").write_text("0::/system/elmo\n")
    for name, most in (("groups/system/elmo", "max"), ("groups/system", "500000")):
        folder = files / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "memory.max").write_text(f"{most}\n")
        (folder / "memory.current").write_text("300000\n")
        (folder / "memory.stat").write_text("anon 1\ninactive_file 50000\n")
    assert memory.available_bytes() == 250_000
    (files / "groups/system/memory.max").write_text("max\n")
    assert memory.available_bytes() == 1_024_000


@pytest.mark.parametrize(
    ("flags", "wanted"),
    [
        (None, "float32"),
        ("flags\t: fpu avx2 avx512f\n", "float32"),
        ("processor: 0\nflags\t: fpu avx512_bf16\n", "bfloat16"),
        ("flags\t: amx_bf16 amx_tile\n", "bfloat16"),
        ("model name: nothing\n", "float32"),
    ],
)
def test_auto_takes_bfloat16_only_from_a_processor_that_has_it(files, flags, wanted):
    if flags is not None:
        (files / "cpuinfo").write_text(flags)
    assert machine.choose_dtype("auto", CPU) == wanted
    assert load_elmo("tiny", dtype="auto").dtype == wanted


def test_a_format_that_is_emulated_is_named_before_it_costs_time(files):
    (files / "cpuinfo").write_text("flags\t: avx2\n")
    assert "auto or float32" in machine.emulation_warning("bfloat16", "cpu")
    assert machine.emulation_warning("float32", "cpu") == ""
    (files / "cpuinfo").write_text("flags\t: avx512_bf16\n")
    assert machine.emulation_warning("bfloat16", CPU) == ""


def test_float32_is_the_default_whatever_the_processor(files):
    (files / "cpuinfo").write_text("flags\t: avx512_bf16\n")
    assert load_elmo("tiny").dtype == "float32"
