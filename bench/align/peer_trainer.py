"""The peer of `npm run bench:align`: the published method's trainer on torch and peft, one sample a step.

As the released code of Stable Alignment trains: the k responses of a question are k rows of prompt + response, padded
to the longest; the logits of all rows are made in full; the loss is the mean negative log-likelihood of the best
response and a hinge on its distance to the others. LoRA by peft on all linears, AdamW by torch, random weights.

Prints one JSON line: seconds_of_steps (the first is the warm-up), peak_resident_bytes of this process, and
matmul_gflops, what torch's matrix product of 2048x2048 by 2048x512 reaches in the same type after the training.
"""

import argparse
import json
import resource
import sys
import time

import torch
import transformers
from peft import LoraConfig, get_peft_model

LINEARS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
# As the released code has them.
MARGIN, RATING_SCALE, RATIO = 10.0, 7.0, 0.2
IGNORED = -100


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dtype", default="float32", choices=["float32", "bfloat16"])
    parser.add_argument("--steps", type=int, default=4, help="with the warm-up")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--width", type=int, default=768)
    parser.add_argument("--layers", type=int, default=12)
    parser.add_argument("--heads", type=int, default=12)
    parser.add_argument("--kv-heads", type=int, default=4)
    parser.add_argument("--feed-forward", type=int, default=2048)
    parser.add_argument("--vocabulary", type=int, default=32000)
    parser.add_argument("--prompt", type=int, default=180, help="tokens")
    parser.add_argument("--responses", default="120,100,140", help="tokens of each, the best first")
    parser.add_argument("--rank", type=int, default=16)
    return parser.parse_args()


def make_model(a):
    config = transformers.LlamaConfig(
        vocab_size=a.vocabulary,
        hidden_size=a.width,
        num_hidden_layers=a.layers,
        num_attention_heads=a.heads,
        num_key_value_heads=a.kv_heads,
        intermediate_size=a.feed_forward,
        max_position_embeddings=2048,
        tie_word_embeddings=False,
        attn_implementation="sdpa",
    )
    # Made in the type it is trained in: a float32 copy first would count as the peer's peak.
    torch.set_default_dtype(getattr(torch, a.dtype))
    model = transformers.LlamaForCausalLM(config)
    torch.set_default_dtype(torch.float32)
    lora = LoraConfig(r=a.rank, lora_alpha=2 * a.rank, target_modules=LINEARS, lora_dropout=0.0)
    return get_peft_model(model, lora).train()


def make_batch(prompt: int, responses: list[int], vocabulary: int):
    """Padded token ids, labels and attention mask, [k, prompt + longest response]."""
    width = prompt + max(responses)
    ids = torch.zeros(len(responses), width, dtype=torch.long)
    labels = torch.full_like(ids, IGNORED)
    query = torch.randint(3, vocabulary, (prompt,))
    for row, length in enumerate(responses):
        answer = torch.randint(3, vocabulary, (length,))
        ids[row, : prompt + length] = torch.cat([query, answer])
        labels[row, prompt : prompt + length] = answer
    lengths = torch.tensor([prompt + length for length in responses])
    return ids, labels, (torch.arange(width)[None] < lengths[:, None]).long()


def stable_alignment(logits, labels, scores):
    """Scores in descending order, the best response first."""
    rows, targets = logits[:, :-1].float(), labels[:, 1:]
    losses = torch.nn.functional.cross_entropy(
        rows.reshape(-1, rows.shape[-1]), targets.reshape(-1), ignore_index=IGNORED, reduction="none"
    ).view(targets.shape)
    mask = (targets != IGNORED).float()
    nll = (losses * mask).sum(1) / mask.sum(1)
    gaps = nll[0] - nll[1:] + (scores[0] - scores[1:]) / RATING_SCALE * MARGIN
    return nll[0] + RATIO * gaps.mean().clamp(min=0)


def train(model, a) -> list[float]:
    """Seconds of every step, making the batch included, as it is in the other trainer."""
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-4, weight_decay=0.0)
    responses = [int(length) for length in a.responses.split(",")]
    scores = torch.tensor([7.0 - place for place in range(len(responses))])
    seconds = []
    for _ in range(a.steps):
        started = time.perf_counter()
        ids, labels, mask = make_batch(a.prompt, responses, a.vocabulary)
        logits = model(input_ids=ids, attention_mask=mask).logits
        loss = stable_alignment(logits, labels, scores)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        # The next step makes its own; two at once would count twice.
        del logits, loss
        seconds.append(time.perf_counter() - started)
    return seconds


def peak_resident_bytes() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def matmul_gflops(dtype) -> float:
    """The best of several, after a warm-up: what the machine can, not what it did beside other work."""
    left, right = torch.randn(2048, 2048, dtype=dtype), torch.randn(2048, 512, dtype=dtype)
    fastest = float("inf")
    for _ in range(12):
        started = time.perf_counter()
        left @ right
        fastest = min(fastest, time.perf_counter() - started)
    return 2 * 2048 * 2048 * 512 / fastest / 1e9


def main() -> None:
    a = arguments()
    torch.set_num_threads(a.threads)
    torch.manual_seed(0)
    seconds = train(make_model(a), a)
    peak = peak_resident_bytes()
    figures = {
        "seconds_of_steps": seconds,
        "peak_resident_bytes": peak,
        "matmul_gflops": matmul_gflops(getattr(torch, a.dtype)),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
