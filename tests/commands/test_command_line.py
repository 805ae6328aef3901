"""The command line as its user meets it: real processes for one of each, the rest in this process."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import h5py
import numpy as np
import pytest
from typer.testing import CliRunner

from elmo_core.__main__ import app
from elmo_core.embedder import load_elmo
from elmo_core.weights.registry import load_model


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_info_names_the_shape(tmp_path):
    result = run("info", "tiny", "--json")
    facts = json.loads(result.stdout)
    assert result.exit_code == 0
    assert (facts["layers"], facts["width"], facts["cells"], facts["vocabulary"]) == (3, 16, 32, 200)
    assert "parameters" in run("info", "tiny").stdout


def test_an_error_is_one_sentence_and_status_2():
    done = subprocess.run(
        [sys.executable, "-m", "elmo_core", "info", "tinny"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("Error: There is no model named 'tinny'")
    assert len(done.stderr.strip().splitlines()) == 1
    assert "tiny" in done.stderr


def test_benchmarks_are_listed_run_and_refused_by_name():
    assert "engine" in run("bench", "list").stdout.split()
    done = subprocess.run(
        [sys.executable, "-m", "elmo_core", "bench", "serving", "tiny", "--sessions", "2", "--requests", "2"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0 and "| 2 | joined |" in done.stdout
    refused = run("bench", "no-such")
    assert refused.exit_code == 2 and "There is no benchmark 'no-such'" in refused.stderr


@pytest.mark.parametrize("command", ["info", "embed", "export", "evaluate", "pretrain"])
def test_every_command_explains_itself(command):
    assert "Usage" in run(command, "--help").stdout


def test_embed_writes_every_line_blank_ones_too(tmp_path):
    (tmp_path / "in.txt").write_text(
        "The bank raised rates.\n\na/b é 🙂\nThe bank raised rates.\n", encoding="utf-8"
    )
    result = run("embed", "tiny", tmp_path / "in.txt", tmp_path / "out.hdf5", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["sentences"] == 4
    lines = (tmp_path / "in.txt").read_text(encoding="utf-8").splitlines()
    expected = load_elmo("tiny").embed(lines)
    with h5py.File(tmp_path / "out.hdf5") as file:
        assert set(file) == {"0", "1", "2", "3", "sentences"}
        for index, found in enumerate(expected):
            np.testing.assert_allclose(file[str(index)][:], found.layers, atol=1e-6)
        texts = [text.decode() for text in file["sentences"][:]]
    assert texts[0] == "The bank raised rates ."
    assert file.__bool__() is False
    assert [path.name for path in tmp_path.iterdir() if "partial" in path.name] == []
    assert texts[1] == ""


def test_embed_takes_tokens_as_they_are(tmp_path):
    (tmp_path / "in.txt").write_text("don't split-me .\n")
    assert run("embed", "tiny", tmp_path / "in.txt", tmp_path / "out.hdf5", "--tokenised").exit_code == 0
    with h5py.File(tmp_path / "out.hdf5") as file:
        assert file["0"].shape == (3, 3, 16)


@pytest.mark.parametrize(
    ("content", "message"), [(b"\0\1\2\3 broken", "is not a text file"), (None, "There is no file")]
)
def test_embed_of_an_unusable_file_leaves_nothing_behind(tmp_path, content, message):
    if content is not None:
        (tmp_path / "in.txt").write_bytes(content)
    result = run("embed", "tiny", tmp_path / "in.txt", tmp_path / "out.hdf5")
    assert result.exit_code == 2
    assert message in result.output
    assert not (tmp_path / "out.hdf5").exists()


def test_embed_of_a_table_says_that_its_lines_are_read(tmp_path):
    (tmp_path / "in.csv").write_text("text,label\nfine,good\n")
    result = run("embed", "tiny", tmp_path / "in.csv", tmp_path / "out.hdf5")
    assert result.exit_code == 0 and "in.csv: a table is embedded line by line" in result.output.replace(
        "\n", " "
    )


def test_embed_of_a_folder_says_so(tmp_path):
    (tmp_path / "texts").mkdir()
    result = run("embed", "tiny", tmp_path / "texts", tmp_path / "out.hdf5")
    assert result.exit_code == 2 and "texts is a folder; give a file in it." in result.output.replace(
        "\n", " "
    )


def test_fixtures_through_the_command_line(fixtures_dir, tmp_path):
    """The published arrays of AllenNLP: 10 batches of 3, the state carried."""
    folder = fixtures_dir / "allennlp"
    sentences = json.loads((folder / "sentences.json").read_text())
    in_order = [sentences[row][batch] for batch in range(10) for row in range(3)]
    (tmp_path / "in.txt").write_text("\n".join(in_order) + "\n")
    out = tmp_path / "out.hdf5"
    result = run(
        "embed", folder, tmp_path / "in.txt", out, "--tokenised", "--state", "carry", "--batch-size", 3
    )
    assert result.exit_code == 0, result.output
    with h5py.File(out) as ours:
        for row in range(3):
            with h5py.File(folder / f"lm_embeddings_{row}.hdf5") as published:
                for batch in range(10):
                    top = ours[str(batch * 3 + row)][2]
                    wanted = published[str(batch)][:]
                    np.testing.assert_allclose(
                        top, np.concatenate([wanted[0], wanted[1]], axis=-1), atol=2e-6
                    )


def test_export_and_back_is_bitwise(tmp_path):
    assert run("export", "tiny", tmp_path / "official").exit_code == 0
    again, first = load_model(tmp_path / "official").model, load_model("tiny").model
    for name, tensor in again.state_dict().items():
        assert (tensor == first.state_dict()[name]).all(), name


def test_evaluate_prints_all_three_perplexities(tmp_path):
    (tmp_path / "in.txt").write_text("The time of the people. It is the way of the world.\n")
    result = run("evaluate", "tiny", tmp_path / "in.txt", "--json")
    facts = json.loads(result.stdout)
    assert facts["mean_perplexity"] == pytest.approx(
        (facts["forward_perplexity"] + facts["backward_perplexity"]) / 2
    )
    assert facts["predictions"] == 16  # 14 tokens and two sentence ends
    (tmp_path / "empty.txt").write_text("\n")
    assert "holds no token" in run("evaluate", "tiny", tmp_path / "empty.txt").output


def test_perplexity_does_not_depend_on_how_apostrophes_and_accents_are_typed(tmp_path):
    straight = "It's Ann's caf\u00e9, don't you \"think\"? Wait..."
    curly = "\ufeffIt\u2019s Ann\u2019s cafe\u0301, don\u2019t\u00a0you \u201cth\u00adink\u201d? Wait\u2026"
    lines = []
    for number, text in enumerate((straight, curly)):
        (tmp_path / f"{number}.txt").write_text(text, encoding="utf-8")
        result = run("evaluate", "tiny", tmp_path / f"{number}.txt", "--json")
        assert result.exit_code == 0
        lines.append(result.stdout.strip().splitlines()[-1])
    assert lines[0] == lines[1]


def test_evaluate_says_what_is_carried_and_warns_of_unknown_words(tmp_path):
    (tmp_path / "in.txt").write_text("the time of\nday and way\n" * 20)
    options = [tmp_path / "in.txt", "--tokenised", "--json"]
    one, two = (json.loads(run("evaluate", "tiny", *options, *more).stdout) for more in ([], ["--rows", "2"]))
    assert (one["rows"], two["rows"]) == (1, 2)
    assert "whole text (1 row)" in one["read"] and "2 parts" in two["read"]
    assert one["mean_perplexity"] != two["mean_perplexity"]
    alone = json.loads(run("evaluate", "tiny", *options, "--state", "zero").stdout)
    assert alone["rows"] is None and "on its own" in alone["read"]
    (tmp_path / "in.txt").write_text("zzz yyy xxx\n")
    result = run("evaluate", "tiny", *options)
    assert "75% of the predictions are of words outside the vocabulary" in result.stderr
    assert json.loads(result.stdout)["unknown_percent"] == 75
    assert run("evaluate", "tiny", *options, "--rows", "0").exit_code == 2


def test_evaluate_needs_a_softmax(fixtures_dir, tmp_path):
    (tmp_path / "in.txt").write_text("a b\n")
    result = run("evaluate", fixtures_dir / "allennlp", tmp_path / "in.txt")
    assert result.exit_code == 2
    assert "has no softmax" in result.output


def test_pretrain_says_what_is_wrong_with_the_settings(tmp_path):
    (tmp_path / "config.json").write_text('{"batch": 3}')
    (tmp_path / "a.txt").write_text("a b\n")
    options = ["--train", tmp_path / "a.txt", "--valid", tmp_path / "a.txt", "--output", tmp_path / "run"]
    result = run("pretrain", tmp_path / "config.json", *options)
    assert result.exit_code == 2
    assert "has no setting batch" in result.output
    (tmp_path / "config.json").write_text("{}")
    result = run("pretrain", tmp_path / "config.json", *options)
    assert "No word of the training text occurs 3 times or more (min_count)" in result.output


@pytest.mark.parametrize("columns", ["40", ""])
def test_facts_are_whole_in_a_pipe_of_any_width(columns, tmp_path):
    folder = tmp_path / ("a long name " * 12).strip()
    environment = {**os.environ, "COLUMNS": columns}
    done = subprocess.run(
        [sys.executable, "-m", "elmo_core", "export", "tiny", str(folder)],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == f"written           {folder}\nsoftmax left out  True\n"


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_letters_that_a_terminal_lacks_end_no_command(encoding, tmp_path):
    folder = tmp_path / "Übung 🙂"
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    done = subprocess.run(
        [sys.executable, "-m", "elmo_core", "export", "tiny", str(folder)],
        env=environment, capture_output=True, check=True,
    )  # fmt: skip
    assert b"bung" in done.stdout and not done.stderr


def test_a_closed_pipe_is_no_error():
    with subprocess.Popen(
        [sys.executable, "-m", "elmo_core", "info", "tiny"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout and process.stderr
        process.stdout.close()
        assert process.stderr.read() == b""
