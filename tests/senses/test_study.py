"""One word's study: what the model is asked, how its uses are grouped, what is kept of the groups."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pytest

from elmo_core import Elmo
from elmo_core.exceptions import InputError
from elmo_core.senses.groups import MAX_JUDGED, find_groups
from elmo_core.senses.labelled_groups import from_json, to_json
from elmo_core.senses.study import (
    CONTEXT,
    Study,
    draw_map,
    frame_of,
    group_uses,
    score_views,
    study_uses,
)
from elmo_core.senses.use_vectors import Halves
from elmo_core.senses.uses import Uses, find_uses

TEXT = [
    f"{left} the bank {right}"
    for left in ("a river near", "much money in", "some fire at", "no boat by")
    for right in ("fell", "rose up", "was there", ".")
]
SENSES = ["x", "y"] * 8


@pytest.fixture(scope="module")
def uses() -> Uses:
    return find_uses(TEXT, "bank", SENSES)


@pytest.fixture(scope="module")
def study(elmo: Elmo, uses: Uses) -> Study:
    return study_uses(elmo, uses)


def test_the_model_reads_each_sentence_once(elmo: Elmo, uses: Uses, monkeypatch: pytest.MonkeyPatch):
    read: Counter[str] = Counter()
    stream = Elmo.stream

    def counting(self: Elmo, sentences: list[list[str]], **options: object) -> object:
        read.update(" ".join(tokens) for tokens in sentences)
        return stream(self, sentences, **options)

    monkeypatch.setattr(Elmo, "stream", counting)
    study = study_uses(elmo, uses)
    asked = read.total()
    assert all(read[" ".join(use.tokens)] >= 1 for use in uses.uses)
    assert asked == 16 + 5 * 16  # the text once, and five shuffled ones
    for method in ("k-means", "density"):
        group_uses(study, method=method)
    for view in study.views:
        draw_map(study, view, frame_of(study, view, "pca"))
    score_views(study)
    assert read.total() == asked


def test_it_tells_how_far_it_is(elmo: Elmo, uses: Uses):
    told: list[tuple[str, float]] = []
    study_uses(elmo, uses, report=lambda doing, share: told.append((doing, share)))
    assert list(dict.fromkeys(doing for doing, _ in told)) == [
        "reading the uses",
        "reading shuffled contexts",
    ]
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_every_view_has_its_vectors(study: Study):
    n_layers, n, width = study.vectors.layers.shape
    assert study.views == (CONTEXT, "Layer 0 (token)", "Layer 1", "Layer 2", "Uniform mix")
    assert study.shown(CONTEXT).shape == (n, width // 2)
    mix = np.mean([study.shown(view) for view in study.views[1:-1]], axis=0)
    np.testing.assert_allclose(study.shown("Uniform mix"), mix, atol=1e-5)
    mixed = study.halves("Uniform mix")
    parts = [study.halves(view) for view in study.views[1:-1]]
    np.testing.assert_allclose(mixed.forward, sum(part.forward for part in parts) / n_layers, atol=1e-5)
    with pytest.raises(InputError, match="no view 'Layer 9'; there are Context, Layer 0"):
        study.shown("Layer 9")


def test_layers_share_a_plane_and_contexts_have_their_own(study: Study):
    first, second = (frame_of(study, view, "pca") for view in ("Layer 1", "Uniform mix"))
    np.testing.assert_array_equal(first.coordinates, second.coordinates)
    assert len(first.coordinates) == 4
    assert len(frame_of(study, CONTEXT, "pca").coordinates) == 1
    drawn = draw_map(study, "Layer 2", first)
    np.testing.assert_array_equal(drawn.coordinates, first.coordinates[2])


def test_groups_are_as_many_as_there_is_evidence_of_or_as_asked(study: Study):
    judged = group_uses(study)
    assert judged.k == judged.card.k == len(set(judged.labels))
    for k in (2, 3):
        asked = group_uses(study, k=k)
        assert (asked.k, asked.is_asked, set(asked.labels)) == (k, True, set(range(k)))
        assert asked.card.best is not None
        assert asked.card.best.k == k
    assert group_uses(study, k=2, groups=judged.groups).labels == group_uses(study, k=2).labels
    assert group_uses(study, k=1).labels == (0,) * 16
    with pytest.raises(InputError, match=r"no cut of 16 uses into 9 groups .* \(tried: 2, 3, 4, 5\)"):
        group_uses(study, k=9)


def test_few_uses_have_no_null_and_one_group(elmo: Elmo):
    study = study_uses(elmo, find_uses(TEXT[:5], "bank"))
    assert study.shuffled.replicates == ()
    grouping = group_uses(study)
    assert (grouping.k, grouping.card.best) == (1, None)
    with pytest.raises(InputError, match="tried: none"):
        group_uses(study, k=2)


def test_many_uses_are_judged_on_a_sample(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("elmo_core.senses.groups.MAX_JUDGED", 60)
    assert MAX_JUDGED == 2000
    generator = np.random.default_rng(0)
    codes = generator.integers(2, size=200)
    centres = generator.standard_normal((2, 32))
    forward, backward = (centres[codes] + 0.3 * generator.standard_normal((200, 32)) for _ in range(2))
    found = find_groups(Halves(forward.astype(np.float32), backward.astype(np.float32)))
    assert (found.n, found.n_judged) == (200, 60)
    labels = found.candidates[0].labels
    assert ((labels == labels[0]) == (codes == codes[0])).all()
    assert sum(found.candidates[0].sizes) == 200


def test_groups_go_to_a_file_and_come_back(study: Study, uses: Uses):
    labels, names = group_uses(study, k=2).labels, ("lender", "shore, slope")
    content = to_json(uses, labels, names, {"model": "tiny", "groups asked for": None, "seed": 42})
    found = from_json(content, "a.json")
    assert (found.word, found.names, found.about["seed"]) == ("bank", names, 42)
    assert found.labels_of(uses) == labels
    more = find_uses([*TEXT, "another bank"], "bank")
    assert found.labels_of(more) == (*labels, -1)
    with pytest.raises(InputError, match="of 'bank' in another text: none of these 1 uses"):
        found.labels_of(find_uses(["another bank"], "bank"))


def _changed(**changes: object) -> bytes:
    uses = find_uses(["a bank"], "bank")
    return json.dumps({**json.loads(to_json(uses, (0,), ("x",), {})), **changes}).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[1]",
        b"{}",
        b"[" * 100_000,
        _changed(format="other"),
        _changed(groups=[]),
        _changed(uses=[{"sentence": "a", "position": 0, "group": 7}]),
        _changed(uses=[{"sentence": "a", "position": "x", "group": 0}]),
        _changed(about=[]),
        b"\xff\xfe\x00",
        b"\x89PNG\r\n",
        b'{"format": ',
        b'{"groups": [{"x": Infinity}]}',
    ],
)
def test_other_files_are_one_sentence(content: bytes):
    with pytest.raises(InputError, match=r"a\.json holds no sense groups") as caught:
        from_json(content, "a.json")
    assert "\n" not in str(caught.value)
    assert "Error" not in str(caught.value)
