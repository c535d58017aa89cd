"""PyTorch in float64 to the last operation.

`model.double()` is not enough: transformers' norms, softmax and rope turn their input into float32 whatever the model
is. Within `float64()` every float32 that code asks for is a float64.
"""

import torch
from torch.overrides import TorchFunctionMode


class float64(TorchFunctionMode):
    """`with float64():` around everything that computes, forward and backward alike."""

    def __torch_function__(self, function, types, arguments=(), keywords=None):
        function = torch.Tensor.double if function is torch.Tensor.float else function
        keywords = {name: widened(value) for name, value in (keywords or {}).items()}
        return function(*(widened(value) for value in arguments), **keywords)


def widened(value):
    return torch.float64 if value is torch.float32 else value


def double(model):
    """The model in float64. Frequencies of the rope are computed again: the model holds them rounded to float32."""
    model.double()
    with float64():
        rotary = model.model.rotary_emb
        model.model.rotary_emb = type(rotary)(rotary.config)
    return model
