"""Fingerprints that identify a biLM by its content."""

from __future__ import annotations

import hashlib

import torch

from elmo_core.nn.bilm import BiLM
from elmo_core.weights.store import StoredModel


def fingerprint(model: BiLM) -> str:
    """SHA-256 over the parameters that a model's vectors depend on, in hexadecimal digits."""
    found = hashlib.sha256()
    for name, parameter in sorted(model.named_parameters()):
        if not name.startswith("softmax"):
            found.update(name.encode())
            found.update(parameter.detach().to("cpu", torch.float16).contiguous().numpy().tobytes())
    return found.hexdigest()


def exact_fingerprint(stored: StoredModel) -> str:
    """SHA-256 over all that a model is: its name, shape and vocabulary, and every bit of its parameters."""
    found = hashlib.sha256(repr((stored.name, stored.model.config)).encode())
    for word in stored.vocabulary.words if stored.vocabulary is not None else ():
        found.update(word.encode("utf-8", "surrogatepass") + b"\n")
    for name, parameter in sorted(stored.model.named_parameters()):
        found.update(name.encode())
        found.update(parameter.detach().cpu().contiguous().numpy().tobytes())
    return found.hexdigest()
