"""What PyTorch autograd says of a model with LoRA: log-probabilities, losses, gradients, AdamW steps."""

import math

import numpy as np
import torch
from torch import nn

from architectures import ARCHITECTURES, configuration
from cases import RATING_SCALE, RATIO, Case
from model_file import LINEARS, gguf_rows

ADAMW = {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.0}
STEPS = 5


def random_model(case: Case):
    """Weights of a spread at which every part of the model matters; float32, frozen."""
    architecture = ARCHITECTURES[case.architecture]
    torch.manual_seed(case.seed)
    model = architecture.model(configuration(architecture, case.shape, case.settings)).float().eval()
    random = torch.Generator().manual_seed(case.seed + 1)

    def normal(shape):
        return torch.randn(shape, generator=random)

    # A tied head meets the embedding again: logits of a few nats, or their rounding alone exceeds the tolerance.
    tied = case.shape.tied and architecture.norm_offset == 0
    embedding_deviation = 0.2 if tied else architecture.embedding_deviation
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "norm" in name:
                weight.copy_(1.0 - architecture.norm_offset + 0.1 * normal(weight.shape))
            elif name.endswith("bias"):
                weight.copy_(0.1 * normal(weight.shape))
            elif "embed" in name:
                weight.copy_(normal(weight.shape) * embedding_deviation)
            else:
                weight.copy_(normal(weight.shape) * (1.2 / math.sqrt(weight.shape[-1])))
    return model.requires_grad_(False)


class Lora(nn.Module):
    """W·x + alpha/rank · B·(A·x) around a frozen linear; B is not zero, so that A has a gradient."""

    def __init__(self, linear: nn.Linear, rank: int, alpha: float, random: torch.Generator):
        super().__init__()
        self.linear, self.scale = linear, alpha / rank
        self.A = nn.Parameter(
            torch.randn(rank, linear.in_features, generator=random) / math.sqrt(linear.in_features)
        )
        self.B = nn.Parameter(torch.randn(linear.out_features, rank, generator=random) * 0.05)

    def forward(self, x):
        return self.linear(x) + self.scale * ((x @ self.A.T) @ self.B.T)


def add_lora(model, case: Case) -> dict[str, Lora]:
    """Wraps every linear of the layers; by GGUF name, `blk.0.attn_q.weight`."""
    random = torch.Generator().manual_seed(case.seed + 2)
    loras = {}
    for index, layer in enumerate(model.model.layers):
        for source, name in LINEARS.items():
            module, attribute = source.split(".")
            parent = getattr(layer, module)
            if hasattr(parent, attribute):
                lora = Lora(getattr(parent, attribute), case.rank, case.alpha, random)
                setattr(parent, attribute, lora)
                loras[f"blk.{index}.{name}.weight"] = lora
    return loras


def adapter_tensors(loras: dict[str, Lora], model, case: Case, pick) -> dict[str, np.ndarray]:
    """A and B (`pick` parameter → values) in the order of the GGUF."""
    tensors = {}
    for name, lora in loras.items():
        linear = name.split(".")[2]
        tensors[f"{name}.lora_a"] = pick(lora.A).numpy()
        tensors[f"{name}.lora_b"] = gguf_rows(
            ARCHITECTURES[case.architecture], model.config, linear, pick(lora.B).numpy()
        )
    return tensors


def random_question(case: Case) -> tuple[list[int], list[list[int]]]:
    """BOS and random tokens, and the responses."""
    random = np.random.RandomState(case.seed + 3)

    def tokens(count):
        return random.randint(3, case.shape.vocabulary, size=count).tolist()

    query = [1] + tokens(case.query_tokens - 1)
    return query, [tokens(count) for count in case.response_tokens]


def response_logps(model, query: list[int], responses: list[list[int]]) -> list[torch.Tensor]:
    """Natural log-probability of every response token, one row per response, no padding."""
    logps = []
    for response in responses:
        logits = model(input_ids=torch.tensor([query + response])).logits[0].float()
        rows = torch.arange(len(query) - 1, len(query) + len(response) - 1)
        logps.append(torch.log_softmax(logits, -1)[rows, torch.tensor(response)])
    return logps


def stable_alignment(logps: list[torch.Tensor], case: Case, mode: str):
    """Loss, mean NLL per response, penalty. `paper`: each response with its own rating, only the strictly lower rated,
    a hinge per response. `reference`: the published code, which indexes the sorted ratings by the original index and
    puts the hinge on the mean or the maximum."""
    semantics, reduction = mode.split("-")
    scores = case.scores
    nll = [-x.mean() for x in logps]
    order = sorted(range(len(scores)), key=lambda i: -scores[i])
    best, others = order[0], order[1:]

    def gap(i, rating):
        return nll[best] - nll[i] + (scores[best] - rating) / RATING_SCALE * case.margin

    if semantics == "paper":
        gaps = torch.stack([gap(i, scores[i]).clamp(min=0.0) for i in others if scores[i] < scores[best]])
        penalty = gaps.sum() if reduction == "sum" else gaps.mean()
    else:
        ranked = sorted(scores, reverse=True)
        gaps = torch.stack([gap(i, ranked[i]) for i in others])
        penalty = (gaps.max() if reduction == "max" else gaps.mean()).clamp(min=0.0)
    return nll[best] + RATIO * penalty, nll, penalty


def trainable(loras: dict[str, Lora]) -> list[nn.Parameter]:
    return [parameter for lora in loras.values() for parameter in (lora.A, lora.B)]


def gradient_of_mode(model, loras, question, case: Case, mode: str) -> dict:
    """Leaves the gradients in the parameters and tells loss, NLL, penalty and the norm of all gradients."""
    for parameter in trainable(loras):
        parameter.grad = None
    loss, nll, penalty = stable_alignment(response_logps(model, *question), case, mode)
    loss.backward()
    return {
        "loss": loss.item(),
        "nll": [x.item() for x in nll],
        "penalty": penalty.item(),
        "grad_norm": math.sqrt(
            sum(float((lora.A.grad**2).sum() + (lora.B.grad**2).sum()) for lora in loras.values())
        ),
    }


def adamw_steps(model, loras, question, case: Case) -> list[float]:
    """The loss before each step on `paper-mean`; changes the adapter."""
    optimizer = torch.optim.AdamW(trainable(loras), **ADAMW)
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss, _, _ = stable_alignment(response_logps(model, *question), case, "paper-mean")
        loss.backward()
        losses.append(loss.item())
        optimizer.step()
    return losses
