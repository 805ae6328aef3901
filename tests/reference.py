"""ELMo in plain loops of float64 NumPy, written from the published equations and file format.

It shares nothing with `elmo_core`: weights are a dict in the official HDF5 layout (gates in the order
i, j, f, o; the forget bias of 1 is not stored; highway layers by their "carry" gate), options are the
dict of an official `options.json`. Every module of ours is held against this file, and this file
against vectors that the original implementation published.

Formulas: Kim et al. 2016 (characters), Srivastava et al. 2015 (highway), Sak et al. 2014 (projected
LSTM), Peters et al. 2018 (biLM, mix), Jean et al. 2015 (sampled softmax, as TensorFlow has it).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

Weights = Mapping[str, np.ndarray]
Options = Mapping[str, Any]
# states[direction][layer] = (cell (R, D), output (R, P)) for R rows
States = list[list[tuple[np.ndarray, np.ndarray]]]

MAX_CHARACTERS = 50


def character_ids(word: str) -> list[int]:
    """The row of 50 ids of one word: UTF-8 bytes and marks, everything shifted by one."""
    begin_word, end_word, pad = 258, 259, 260
    if word == "<S>":
        inside = [256]
    elif word == "</S>":
        inside = [257]
    else:
        inside = list(word.encode("utf-8", "ignore"))[: MAX_CHARACTERS - 2]
    row = [begin_word, *inside, end_word]
    row += [pad] * (MAX_CHARACTERS - len(row))
    return [character + 1 for character in row]


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def highway(x: np.ndarray, weights: Weights, index: int) -> np.ndarray:
    """One layer for one vector (F,)."""
    layer = f"CNN_high_{index}/"
    carry = sigmoid(x @ weights[layer + "W_carry"] + weights[layer + "b_carry"])
    transformed = np.maximum(0, x @ weights[layer + "W_transform"] + weights[layer + "b_transform"])
    return carry * transformed + (1 - carry) * x


def convolve(vectors: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Best value (n,) of each filter over all positions of (C, e) vectors; weight (1, width, e, n)."""
    width, _, number = weight.shape[1:]
    best = np.full(number, -np.inf)
    for position in range(len(vectors) - width + 1):
        total = sum(vectors[position + offset] @ weight[0, offset] for offset in range(width))
        best = np.maximum(best, total)
    return best


def token_vector(ids: Sequence[int], weights: Weights, options: Options) -> np.ndarray:
    """Layer 0 of one direction: (P,) of a row of character ids; id 0 is a vector of zeros."""
    cnn = options["char_cnn"]
    table = np.concatenate([np.zeros((1, cnn["embedding"]["dim"])), weights["char_embed"]]).astype(np.float64)
    activation = {"relu": lambda x: np.maximum(0, x), "tanh": np.tanh}[cnn["activation"]]
    vectors = table[list(ids)]
    pooled = []
    for index in range(len(cnn["filters"])):
        best = convolve(vectors, weights[f"CNN/W_cnn_{index}"])
        pooled.append(activation(best + weights[f"CNN/b_cnn_{index}"]))
    x = np.concatenate(pooled)
    for index in range(cnn.get("n_highway", 0)):
        x = highway(x, weights, index)
    if "CNN_proj/W_proj" in weights:
        x = x @ weights["CNN_proj/W_proj"] + weights["CNN_proj/b_proj"]
    return x


def lstm_step(
    x: np.ndarray, cell: np.ndarray, output: np.ndarray, weights: Weights, cell_name: str, lstm: Options
) -> tuple[np.ndarray, np.ndarray]:
    """One step of one row: the new cell state (D,) and output (P,)."""
    sums = np.concatenate([x, output]) @ weights[cell_name + "W_0"] + weights[cell_name + "B"]
    i, j, f, o = np.split(sums, 4)
    cell = sigmoid(f + 1.0) * cell + sigmoid(i) * np.tanh(j)
    if lstm.get("cell_clip") is not None:
        cell = np.clip(cell, -lstm["cell_clip"], lstm["cell_clip"])
    output = sigmoid(o) * np.tanh(cell)
    if cell_name + "W_P_0" in weights:
        output = output @ weights[cell_name + "W_P_0"]
        if lstm.get("proj_clip") is not None:
            output = np.clip(output, -lstm["proj_clip"], lstm["proj_clip"])
    return cell, output


def zero_states(options: Options, rows: int) -> States:
    lstm = options["lstm"]
    return [
        [
            (np.zeros((rows, lstm["dim"])), np.zeros((rows, lstm["projection_dim"])))
            for _ in range(lstm.get("n_layers", 1))
        ]
        for _ in range(2)
    ]


def bilm(
    weights: Weights,
    options: Options,
    sentences: Sequence[Sequence[str]] | Sequence[Sequence[int]],
    states: States | None = None,
) -> tuple[list[np.ndarray], States]:
    """All layers of a batch of sentences, sentence i in row i of the states.

    Args:
        weights: in the official layout; models with word-id input have `embedding` (V, P).
        options: of an official options.json.
        sentences: tokens (or word ids) as the model sees them, so with `<S>` and `</S>` where wanted.
        states: of at least as many rows; zeros by default. They are not changed.

    Returns:
        (L, T, 2P) for each sentence, and the states after it (further rows as they were).
    """
    lstm = options["lstm"]
    before = zero_states(options, len(sentences)) if states is None else states
    after = [[(cell.copy(), output.copy()) for cell, output in direction] for direction in before]
    known: dict[Any, np.ndarray] = {}
    results = []
    for row, sentence in enumerate(sentences):
        for token in sentence:
            if token not in known:
                has_characters = "char_cnn" in options
                known[token] = (
                    token_vector(character_ids(token), weights, options)
                    if has_characters
                    else weights["embedding"][token].astype(np.float64)
                )
        tokens = [known[token] for token in sentence]
        halves = []
        for direction in range(2):
            inputs = tokens[::-1] if direction else tokens
            layers = [inputs]
            for index in range(lstm.get("n_layers", 1)):
                name = f"RNN_{direction}/RNN/MultiRNNCell/Cell{index}/LSTMCell/"
                cells, hiddens = after[direction][index]
                outputs = []
                for x in inputs:
                    cells[row], hiddens[row] = lstm_step(x, cells[row], hiddens[row], weights, name, lstm)
                    skips = index > 0 and lstm.get("use_skip_connections", False)
                    outputs.append(hiddens[row] + x if skips else hiddens[row].copy())
                layers.append(outputs)
                inputs = outputs
            halves.append(np.array([layer[::-1] if direction else layer for layer in layers]))  # (L, T, P)
        results.append(np.concatenate(halves, axis=2))
    return results, after


def scalar_mix(
    layers: np.ndarray,
    raw_weights: np.ndarray,
    gamma: float,
    mask: np.ndarray | None = None,
    layer_norm: bool = False,
) -> np.ndarray:
    """(L, ..., D) -> (..., D); layer norm over all unmasked tokens and dimensions of a layer."""
    shares = np.exp(raw_weights) / np.exp(raw_weights).sum()
    mixed = np.zeros(layers.shape[1:])
    for share, layer in zip(shares, layers, strict=True):
        if layer_norm:
            numbers = layer.reshape(-1) if mask is None else layer[mask].reshape(-1)
            mean = numbers.sum() / len(numbers)
            variance = ((numbers - mean) ** 2).sum() / len(numbers)
            layer = (layer - mean) / math.sqrt(variance + 1e-12)
        mixed = mixed + share * layer
    return gamma * mixed


def log_softmax(context: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Natural logarithm of each word's probability: (N, P), (V, P), (V,) -> (N, V)."""
    logits = context @ weight.T + bias
    result = np.empty_like(logits)
    for token, row in enumerate(logits):
        top = row.max()
        result[token] = row - (top + math.log(np.exp(row - top).sum()))
    return result


def carried_perplexity(
    weights: Weights,
    options: Options,
    softmax: tuple[np.ndarray, np.ndarray],
    words: Sequence[str],
    sentences: Sequence[Sequence[str]],
    direction: int,
) -> float:
    """Perplexity of one row of sentences, one after another, as bilm-tf's evaluation lays them out.

    Forward reads `<S> w1 .. wn` and predicts `w1 .. wn </S>`; backward reads `</S> wn .. w1` and predicts
    `wn .. w1 <S>`, sentence by sentence in the order of the text. The state goes on from one to the next.

    Args:
        weights: in the official layout.
        options: of an official options.json.
        softmax: (V, P) and (V,).
        words: V words, `<UNK>` among them.
        sentences: of tokens.
        direction: 0 forward, 1 backward.
    """
    width, unknown = options["lstm"]["projection_dim"], words.index("<UNK>")
    states, losses = None, []
    for sentence in sentences:
        marked = ["<S>", *sentence, "</S>"]
        inputs, targets = (marked[1:], marked[:-1]) if direction else (marked[:-1], marked[1:])
        (layers,), states = bilm(weights, options, [inputs], states)
        scores = log_softmax(layers[-1][:, direction * width : (direction + 1) * width], *softmax)
        for row, target in zip(scores, targets, strict=True):
            losses.append(-row[words.index(target) if target in words else unknown])
    return math.exp(sum(losses) / len(losses))


def log_uniform_probability(word: int, n_words: int) -> float:
    """Chance that one draw of TensorFlow's log-uniform sampler gives the word."""
    return (math.log(word + 2) - math.log(word + 1)) / math.log(n_words + 1)


def expected_count(word: int, tries: int, n_words: int) -> float:
    """Chance that a word is among the distinct words of that many draws."""
    return 1 - (1 - log_uniform_probability(word, n_words)) ** tries


def sampled_softmax_losses(
    context: np.ndarray,
    targets: Sequence[int],
    sampled: Sequence[int],
    tries: int,
    weight: np.ndarray,
    bias: np.ndarray,
) -> np.ndarray:
    """Loss (N,) of each token: the target against the drawn words, accidental hits removed."""
    n_words = len(bias)
    losses = np.empty(len(targets))
    for token, target in enumerate(targets):
        others = [word for word in sampled if word != target]
        logits = np.array(
            [
                context[token] @ weight[word] + bias[word] - math.log(expected_count(word, tries, n_words))
                for word in [target, *others]
            ]
        )
        top = logits.max()
        losses[token] = top + math.log(np.exp(logits - top).sum()) - logits[0]
    return losses


def random_weights(
    options: Options, generator: np.random.Generator, n_words: int = 0, scale: float = 0.5
) -> dict[str, np.ndarray]:
    """Normally distributed weights in the official layout, of the shapes that the options ask for."""
    lstm, shapes = options["lstm"], {}
    dim, projection = lstm["dim"], lstm["projection_dim"]
    if "char_cnn" in options:
        cnn = options["char_cnn"]
        total = sum(number for _, number in cnn["filters"])
        shapes["char_embed"] = (261, cnn["embedding"]["dim"])
        for index, (width, number) in enumerate(cnn["filters"]):
            shapes[f"CNN/W_cnn_{index}"] = (1, width, cnn["embedding"]["dim"], number)
            shapes[f"CNN/b_cnn_{index}"] = (number,)
        for index in range(cnn.get("n_highway", 0)):
            for kind in ("carry", "transform"):
                shapes[f"CNN_high_{index}/W_{kind}"] = (total, total)
                shapes[f"CNN_high_{index}/b_{kind}"] = (total,)
        if total != projection:
            shapes |= {"CNN_proj/W_proj": (total, projection), "CNN_proj/b_proj": (projection,)}
    else:
        shapes["embedding"] = (n_words, projection)
    for direction in range(2):
        for index in range(lstm.get("n_layers", 1)):
            name = f"RNN_{direction}/RNN/MultiRNNCell/Cell{index}/LSTMCell/"
            shapes |= {name + "W_0": (2 * projection, 4 * dim), name + "B": (4 * dim,)}
            if dim != projection:
                shapes[name + "W_P_0"] = (dim, projection)
    return {name: scale * generator.standard_normal(shape) for name, shape in shapes.items()}
