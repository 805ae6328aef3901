"""Any text by any command: encodings, packings, languages, CoNLL-U and standard input."""

from __future__ import annotations

import bz2
import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from elmo_core.__main__ import app
from elmo_core.bulk.arrays import EmbeddedArrays
from elmo_core.exceptions import InputError
from elmo_core.pretraining.cache import open_corpus
from elmo_core.pretraining.corpus import CorpusReport, read_sentences
from elmo_core.text.tokenisation import check_language, split_sentences, tokenise

PLAIN = "The café was closed.\nIt was raining on the café.\n"
CONLLU = (
    "# sent_id = 1\n# text = The café's\n1\tThe\tthe\tDET\t_\t_\t2\tdet\t_\t_\n"
    "2-3\tcafé's\t_\t_\t_\t_\t_\t_\t_\t_\n2\tcafé\tcafé\tNOUN\t_\t_\t0\troot\t_\t_\n"
    "3\t's\t's\tPART\t_\t_\t2\tcase\t_\t_\n3.1\tgone\t_\t_\t_\t_\t_\t_\t_\t_\n\n"
    "# sent_id = 2\n1\tYes\tyes\tINTJ\t_\t_\t0\troot\t_\t_\n\n"
)


def run(*arguments: object, **options: object):
    return CliRunner().invoke(app, [str(argument) for argument in arguments], **options)


def tokens_of(path: Path, **options: object) -> list[list[str]]:
    return [tokens for tokens in read_sentences(path, CorpusReport(), **options) if tokens]


@pytest.mark.parametrize("name", ["a.txt", "a.gz", "A.CSV", "no suffix"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32", "cp1252"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_corpus_is_the_same_in_any_file(tmp_path, name, encoding, pack):
    (tmp_path / name).write_bytes(pack(PLAIN.encode(encoding)))
    assert tokens_of(tmp_path / name) == [
        ["The", "café", "was", "closed", "."],
        ["It", "was", "raining", "on", "the", "café", "."],
    ]


def test_perplexity_is_the_same_in_any_file(tmp_path):
    found = set()
    for name, content in {
        "a.txt": PLAIN.encode(),
        "b.txt": PLAIN.encode("utf-16"),
        "c.txt": gzip.compress(PLAIN.replace("\n", "\r\n").encode("utf-8-sig")),
        "d.txt": PLAIN.replace("\n", "\r").encode("cp1252"),
    }.items():
        (tmp_path / name).write_bytes(content)
        result = run("evaluate", "tiny", tmp_path / name, "--json")
        found.add(json.loads(result.stdout)["mean_perplexity"])
        assert ("d.txt: Encoding guessed: cp1252; --encoding to choose." in result.stderr) == (
            name == "d.txt"
        )
    result = run("evaluate", "tiny", "-", "--json", input=PLAIN.encode())
    assert found == {json.loads(result.stdout)["mean_perplexity"]}


def test_the_encoding_that_is_asked_for_is_used(tmp_path):
    (tmp_path / "a.txt").write_bytes("Да. Нет.\n".encode("koi8-r"))
    assert run("evaluate", "tiny", tmp_path / "a.txt", "--encoding", "koi8-r").exit_code == 0
    result = run("evaluate", "tiny", tmp_path / "a.txt", "--encoding", "utf-8")
    assert result.exit_code == 2 and "a.txt is not utf-8 (line 1)" in result.stderr
    result = run("evaluate", "tiny", tmp_path / "a.txt", "--encoding", "utf8000")
    assert result.exit_code == 2 and "There is no encoding 'utf8000'" in result.stderr


@pytest.mark.parametrize("name", ["a.conllu", "a.conllu.gz", "A.CONLLU", "a.txt"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_conllu_is_read_by_its_word_forms(tmp_path, name, encoding):
    (tmp_path / name).write_bytes(CONLLU.encode(encoding))
    assert tokens_of(tmp_path / name) == [["The", "café", "'s"], ["Yes"]]
    found = json.loads(run("evaluate", "tiny", tmp_path / name, "--json").stdout)
    assert found["predictions"] == 6  # four tokens, two sentence ends


def test_a_table_with_ten_columns_is_no_conllu(tmp_path):
    (tmp_path / "a.txt").write_text("one\t" * 9 + "ten\n")
    assert tokens_of(tmp_path / "a.txt", tokenised=True) == [["one"] * 9 + ["ten"]]


def test_the_language_is_that_of_the_tokeniser(tmp_path):
    (tmp_path / "a.txt").write_text("L'homme n'a rien dit.\n", encoding="utf-8")
    assert tokens_of(tmp_path / "a.txt", language="fr") == [["L'", "homme", "n'", "a", "rien", "dit", "."]]
    english = open_corpus(str(tmp_path / "a.txt"), tmp_path / "cache")
    french = open_corpus(str(tmp_path / "a.txt"), tmp_path / "cache", language="French")
    assert english.folder != french.folder
    assert french.folder == open_corpus(str(tmp_path / "a.txt"), tmp_path / "cache", language="fr").folder
    assert french.words(0)[:2] == ["L'", "homme"] and english.words(0)[:2] == ["L", "'homme"]
    plain, marked = (
        json.loads(run("evaluate", "tiny", tmp_path / "a.txt", "--json", *options).stdout)
        for options in ((), ("--language", "fr"))
    )
    assert plain["mean_perplexity"] != marked["mean_perplexity"]


@pytest.mark.parametrize(
    ("language", "message"),
    [
        ("zh", "are not separated by blanks"),
        ("Chinese", "are not separated by blanks"),
        ("ja", "are not separated by blanks"),
        ("th", "are not separated by blanks"),
        ("klingon", "no rules to tokenise 'klingon'; there are for as, bn, ca"),
        ("", "no rules to tokenise ''"),
        ("en_US", "no rules"),
        ("../etc", "no rules"),
    ],
)
def test_a_language_without_rules_is_refused_in_a_sentence(tmp_path, language, message):
    (tmp_path / "a.txt").write_text("one two\n")
    result = run("evaluate", "tiny", tmp_path / "a.txt", "--language", language)
    assert result.exit_code == 2 and message in result.stderr and "Traceback" not in result.output
    with pytest.raises(InputError, match=message):
        tokenise("one two", language)


def test_languages_have_codes_and_names():
    assert {check_language(one) for one in ("fr", "FR", "French", " french ")} == {"fr"}


def test_only_line_ends_end_sentences_without_a_stop():
    text = "one\u2028two\x0cthree\x85four\nfive\r\nsix\rseven"
    assert [sentence[-4:] for sentence in split_sentences(text)] == ["four", "five", "six", "even"]


def test_an_index_remembers_the_language(tmp_path):
    (tmp_path / "a.txt").write_text("L'homme a vu l'homme. L'eau est là.\n", encoding="utf-8")
    folder = tmp_path / "index"
    built = run("index", "tiny", folder, "--text", tmp_path / "a.txt", "--language", "fr")
    assert built.exit_code == 0, built.output
    found = run("find", "tiny", folder, "C'est l'homme.", "homme", "--json")
    assert {use["word"] for use in json.loads(found.stdout)["uses"]} >= {"homme", "L'", "eau"}
    other = run("index", "tiny", folder, "--text", tmp_path / "a.txt")
    assert other.exit_code == 2 and "another corpus" in other.stderr


def embedded(folder: Path) -> list[tuple[str, np.ndarray]]:
    found = EmbeddedArrays(folder)
    return [(" ".join(found[index][0]), found[index][1]) for index in range(len(found))]


def test_embed_reads_what_the_others_read(tmp_path):
    expected = None
    for number, content in enumerate(
        (
            PLAIN.encode(),
            bz2.compress(PLAIN.encode("utf-16")),
            gzip.compress(PLAIN.replace("\n", "\r\n").encode("utf-8-sig")),
            PLAIN.rstrip("\n").replace("\n", "\r").encode("cp1252"),
        )
    ):
        (tmp_path / "a.txt").write_bytes(content)
        result = run("embed", "tiny", tmp_path / "a.txt", tmp_path / f"{number}", "--format", "arrays")
        assert result.exit_code == 0, result.output
        found = embedded(tmp_path / f"{number}")
        expected = expected or found
        assert [tokens for tokens, _ in found] == [tokens for tokens, _ in expected]
        for (_, ours), (_, theirs) in zip(found, expected, strict=True):
            np.testing.assert_array_equal(ours, theirs)
    assert "a.txt: Encoding guessed: cp1252; --encoding to choose." in result.stderr


def test_embed_reads_conllu_and_french(tmp_path):
    (tmp_path / "a.conllu").write_text(CONLLU, encoding="utf-8")
    (tmp_path / "b.txt").write_text("L'homme n'est pas là.\n", encoding="utf-8")
    for options in (
        (),
        ("--language", "French"),
        ("--state", "carry", "--batch-size", "2", "--language", "fr"),
    ):
        out = tmp_path / f"out{len(options)}"
        result = run(
            "embed", "tiny", tmp_path / "a.conllu", tmp_path / "b.txt", out, "--format", "arrays", *options
        )
        assert result.exit_code == 0, result.output
        last = "L' homme n' est pas là ." if options else "L 'homme n 'est pas là ."
        assert [tokens for tokens, _ in embedded(out)] == ["The café 's", "Yes", last]
    files = (tmp_path / "a.conllu", tmp_path / "b.txt", tmp_path / "out0")
    again = run("embed", "tiny", *files, "--format", "arrays", "--language", "fr")
    assert again.exit_code == 2 and "language was 'en' there, now it is 'fr'" in again.stderr
