"""What tells one biLM from another, whatever they are called."""

from __future__ import annotations

import hashlib

import torch

from elmo_core.nn.bilm import BiLM


def fingerprint(model: BiLM) -> str:
    """SHA-256 over the parameters that a model's vectors depend on, in hexadecimal digits."""
    found = hashlib.sha256()
    for name, parameter in sorted(model.named_parameters()):
        if not name.startswith("softmax"):
            found.update(name.encode())
            found.update(parameter.detach().to("cpu", torch.float16).contiguous().numpy().tobytes())
    return found.hexdigest()
