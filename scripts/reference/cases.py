"""The reference cases: which model, which adapter, which question. A name is a folder of test/fixtures/cases."""

from dataclasses import dataclass, field

from architectures import Shape, rope

EVERY_MODE = ("paper-sum", "paper-mean", "reference-mean", "reference-max")
# The losses do not know the model, so a further architecture needs the gradients of one.
ONE_MODE = ("paper-mean",)

RATING_SCALE, RATIO = 7, 0.2


@dataclass(frozen=True)
class Case:
    architecture: str
    seed: int
    shape: Shape = Shape()
    # Settings of transformers' configuration that differ from the architecture's
    settings: dict = field(default_factory=dict)
    modes: tuple[str, ...] = ONE_MODE
    query_tokens: int = 13
    response_tokens: tuple[int, ...] = (7, 11, 5)
    scores: tuple[float, ...] = (5, 7, 2)
    margin: float = 1.0
    rank: int = 4
    alpha: float = 8.0
    # Context that the trainer is told; chooses between Phi 3's short and long rope factors. None: not told
    context_length: int | None = None
    # Computed in float32, as the first cases were published; else in float64
    published: bool = False


def yarn(original: int, **settings) -> dict:
    """YaRN to four times the original context, with its ramp inside the head: some frequencies stay as they are, some
    are stretched, some lie between."""
    return rope(
        "yarn", factor=4.0, original_max_position_embeddings=original, beta_fast=4.0, beta_slow=1.0, **settings
    )


def mistral3(original: int) -> dict:
    return {"rope_parameters": yarn(original, mscale=1.0, mscale_all_dim=0.7, llama_4_scaling_beta=0.5)}


def gemma3_ropes(everywhere: float, local: float) -> dict:
    return {"full_attention": rope(theta=everywhere), "sliding_attention": rope(theta=local)}


LLAMA3_ROPE = rope(
    "llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=64
)

# Both cases are one model; only sequences beyond 32 tokens use the long factors.
LONG_ROPE = {
    "original_max_position_embeddings": 32,
    "rope_parameters": rope(
        "longrope",
        factor=16.0,
        original_max_position_embeddings=32,
        partial_rotary_factor=1.0,
        short_factor=[1.0, 1.05, 1.1, 1.2, 1.3, 1.5, 1.7, 2.0],
        long_factor=[1.0, 1.3, 1.9, 2.8, 4.1, 6.0, 9.0, 14.0],
    ),
}

CASES = {
    "llama": Case("llama", 101, modes=EVERY_MODE, published=True),
    # Four responses, all hinges open: mixing up modes or orders shows.
    "llama-order": Case(
        "llama",
        111,
        modes=EVERY_MODE,
        response_tokens=(9, 6, 12, 5),
        scores=(3, 5, 7, 6),
        margin=10.0,
        published=True,
    ),
    # Wide enough for every quantization.
    "llama-wide": Case(
        "llama",
        113,
        Shape(width=256, layers=1, feed_forward=512, vocabulary=320),
        modes=EVERY_MODE,
        published=True,
    ),
    "llama-tied": Case("llama", 121, Shape(tied=True), {"rope_parameters": LLAMA3_ROPE}),
    "llama-bias": Case("llama", 122, Shape(vocabulary=384), {"attention_bias": True, "mlp_bias": True}),
    "mistral3": Case("mistral3", 123, Shape(head_size=32, vocabulary=384, context=256), mistral3(original=64)),
    # Positions from 8 on multiply the query by a logarithm of the position.
    "mistral3-temperature": Case(
        "mistral3", 124, Shape(head_size=32, vocabulary=384, context=32), mistral3(original=8)
    ),
    # The fourth layer has no rope.
    "smollm3": Case("smollm3", 125, Shape(layers=5, feed_forward=96, vocabulary=384, tied=True)),
    "qwen2": Case("qwen2", 104, modes=EVERY_MODE, published=True),
    "qwen3": Case("qwen3", 101, Shape(head_size=32), modes=EVERY_MODE, published=True),
    # One key head, heads wider than width / heads.
    "gemma": Case("gemma", 204, Shape(head_size=32, kv_heads=1, vocabulary=384, tied=True)),
    # Local, global, local; every response is longer than the window; scores and logits far into their caps.
    "gemma2": Case(
        "gemma2",
        202,
        Shape(layers=3, head_size=32, feed_forward=96, vocabulary=384, tied=True),
        {
            "query_pre_attn_scalar": 32,
            "sliding_window": 8,
            "attn_logit_softcapping": 2.0,
            "final_logit_softcapping": 1.0,
        },
        query_tokens=21,
        response_tokens=(17, 12, 9),
    ),
    "gemma3": Case(
        "gemma3",
        101,
        Shape(head_size=32, tied=True),
        {
            "query_pre_attn_scalar": 32,
            "sliding_window": 512,
            "layer_types": ["full_attention"] * 2,
            "rope_parameters": gemma3_ropes(10000.0, 10000.0),
        },
        EVERY_MODE,
        published=True,
    ),
    # The sixth of seven layers is global, as llama.cpp assumes.
    "gemma3-window": Case(
        "gemma3",
        112,
        Shape(width=32, layers=7, heads=2, kv_heads=1, feed_forward=64, vocabulary=384, head_size=32, tied=True),
        {
            "query_pre_attn_scalar": 32,
            "sliding_window": 8,
            "layer_types": ["sliding_attention"] * 5 + ["full_attention", "sliding_attention"],
            "rope_parameters": gemma3_ropes(1e6, 1e4),
        },
        EVERY_MODE,
        query_tokens=21,
        response_tokens=(17, 12, 9),
        published=True,
    ),
    "phi3": Case("phi3", 101, modes=EVERY_MODE, published=True),
    "phi3-short": Case("phi3", 128, Shape(vocabulary=384), LONG_ROPE),
    "phi3-long": Case("phi3", 128, Shape(vocabulary=384), LONG_ROPE, query_tokens=30, context_length=64),
    "granite": Case(
        "granite",
        129,
        Shape(vocabulary=384, tied=True),
        {
            "attention_multiplier": 0.1,
            "embedding_multiplier": 5.0,
            "residual_multiplier": 0.3,
            "logits_scaling": 2.0,
        },
    ),
    "olmo2": Case("olmo2", 130, Shape(vocabulary=384)),
    # Three layers with a window and plain rope, the fourth global with YaRN, the fifth local again.
    "olmo2-window": Case(
        "olmo3",
        131,
        Shape(layers=5, feed_forward=96, vocabulary=384, context=256),
        {
            "sliding_window": 8,
            "layer_types": ["sliding_attention"] * 3 + ["full_attention", "sliding_attention"],
            "rope_parameters": {"full_attention": yarn(64), "sliding_attention": rope()},
        },
        query_tokens=21,
        response_tokens=(17, 12, 9),
    ),
}
