"""What each architecture is in transformers, and how its weights and settings are told in a GGUF.

The right-hand side follows llama.cpp's convert_hf_to_gguf: whatever stands here is a claim about that converter, and
test/integration/native/llamaParity.test.ts holds it against llama.cpp's own forward.
"""

import math
from dataclasses import dataclass, field
from typing import Callable

import numpy as np
import torch
import transformers
from gguf import RopeScalingType
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

PRE_NORMS = {"input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm"}
POST_NORMS = {"post_attention_layernorm": "post_attention_norm", "post_feedforward_layernorm": "post_ffw_norm"}
ALL_NORMS = {
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "post_attention_norm",
    "pre_feedforward_layernorm": "ffn_norm",
    "post_feedforward_layernorm": "post_ffw_norm",
}


@dataclass(frozen=True)
class Shape:
    """Sizes of a model; everything in units of weights, layers or tokens."""

    width: int = 64
    layers: int = 2
    heads: int = 4
    kv_heads: int = 2
    feed_forward: int = 160
    vocabulary: int = 512
    context: int = 512
    tied: bool = False
    # None: width / heads
    head_size: int | None = None


@dataclass(frozen=True)
class Architecture:
    """One line of the table below."""

    # general.architecture of the GGUF
    gguf: str
    # Of transformers' classes: NAMEConfig and NAMEForCausalLM
    name: str
    # Settings of the configuration beyond the shape
    settings: dict = field(default_factory=dict)
    # The norms of a layer, transformers' name to GGUF's, in the order of the file
    norms: dict = field(default_factory=lambda: PRE_NORMS)
    # Rope turns pairs (2i, 2i + 1) in the GGUF but halves in transformers: rows of q and k are permuted
    interleaved_rope: bool = False
    # Gemma's norms multiply by 1 + weight; the GGUF holds the sum
    norm_offset: float = 0.0
    # Standard deviation of the embedding; Gemma multiplies it by √width
    embedding_deviation: float = 0.5
    # Writes what this architecture has beyond the common keys: (GGUFWriter, config) → None
    metadata: Callable = lambda writer, config: None
    # Name of the configuration where it is another
    config_name: str | None = None

    @property
    def config(self) -> type:
        return getattr(transformers, f"{self.config_name or self.name}Config")

    @property
    def model(self) -> type:
        return getattr(transformers, f"{self.name}ForCausalLM")


def rope(kind: str = "default", theta: float = 10000.0, **settings) -> dict:
    return {"rope_type": kind, "rope_theta": theta, **settings}


def window_metadata(writer, config) -> None:
    writer.add_sliding_window(config.sliding_window)


def gemma2_metadata(writer, config) -> None:
    window_metadata(writer, config)
    writer.add_attn_logit_softcapping(config.attn_logit_softcapping)
    writer.add_final_logit_softcapping(config.final_logit_softcapping)


def granite_metadata(writer, config) -> None:
    writer.add_attention_scale(config.attention_multiplier)
    writer.add_embedding_scale(config.embedding_multiplier)
    writer.add_residual_scale(config.residual_multiplier)
    writer.add_logit_scale(config.logits_scaling)


def mistral3_metadata(writer, config) -> None:
    writer.add_rope_scaling_yarn_log_mul(config.rope_parameters["mscale_all_dim"])
    writer.add_attn_temperature_scale(config.rope_parameters["llama_4_scaling_beta"])


def olmo3_metadata(writer, config) -> None:
    window_metadata(writer, config)
    writer.add_sliding_window_pattern([kind == "sliding_attention" for kind in config.layer_types])


def plain(epsilon: float, **rope_settings) -> dict:
    """Settings with one unscaled rope; some cases have another."""
    return {"rms_norm_eps": epsilon, "rope_parameters": rope(**rope_settings)}


PAIRS = {"interleaved_rope": True}
GEMMA = {"norm_offset": 1.0, "embedding_deviation": 0.05}

ARCHITECTURES = {
    "llama": Architecture("llama", "Llama", plain(1e-5), **PAIRS),
    "mistral3": Architecture("mistral3", "Ministral3", plain(1e-5), metadata=mistral3_metadata, **PAIRS),
    "smollm3": Architecture("smollm3", "SmolLM3", plain(1e-6), **PAIRS),
    "qwen2": Architecture("qwen2", "Qwen2", plain(1e-6)),
    "qwen3": Architecture("qwen3", "Qwen3", plain(1e-6)),
    "gemma": Architecture("gemma", "Gemma", plain(1e-6), **GEMMA),
    "gemma2": Architecture("gemma2", "Gemma2", plain(1e-6), ALL_NORMS, metadata=gemma2_metadata, **GEMMA),
    "gemma3": Architecture(
        "gemma3", "Gemma3", plain(1e-6), ALL_NORMS, metadata=window_metadata, config_name="Gemma3Text", **GEMMA
    ),
    "phi3": Architecture("phi3", "Phi3", plain(1e-5, partial_rotary_factor=1.0)),
    "granite": Architecture("granite", "Granite", plain(1e-6), metadata=granite_metadata, **PAIRS),
    "olmo2": Architecture("olmo2", "Olmo2", plain(1e-6), POST_NORMS),
    # OLMo 3 is OLMo 2 with a sliding window, also in llama.cpp.
    "olmo3": Architecture("olmo2", "Olmo3", plain(1e-6), POST_NORMS, metadata=olmo3_metadata),
}


def configuration(architecture: Architecture, shape: Shape, settings: dict):
    """transformers' configuration; `settings` of the case win over those of the architecture."""
    head = {} if shape.head_size is None else {"head_dim": shape.head_size}
    return architecture.config(
        **{
            "vocab_size": shape.vocabulary,
            "hidden_size": shape.width,
            "num_hidden_layers": shape.layers,
            "num_attention_heads": shape.heads,
            "num_key_value_heads": shape.kv_heads,
            "intermediate_size": shape.feed_forward,
            "max_position_embeddings": shape.context,
            "tie_word_embeddings": shape.tied,
            "attn_implementation": "eager",
            "bos_token_id": 1,
            "eos_token_id": 2,
            "pad_token_id": 2,
            **head,
            **architecture.settings,
            **settings,
        }
    )


def head_size(config) -> int:
    return getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads


def global_rope(config) -> dict:
    """Rope of the layers that see everything."""
    return config.rope_parameters.get("full_attention", config.rope_parameters)


def rope_metadata(writer, config) -> None:
    """Keys of a scaled rope. Llama 3's and Phi 3's factors are tensors, see `rope_factors`."""
    settings = global_rope(config)
    if settings["rope_type"] == "yarn":
        writer.add_rope_scaling_type(RopeScalingType.YARN)
        writer.add_rope_scaling_factor(settings["factor"])
        writer.add_rope_scaling_orig_ctx_len(settings["original_max_position_embeddings"])
        writer.add_rope_scaling_yarn_beta_fast(settings["beta_fast"])
        writer.add_rope_scaling_yarn_beta_slow(settings["beta_slow"])
    if settings["rope_type"] == "longrope":
        original = settings["original_max_position_embeddings"]
        stretch = config.max_position_embeddings / original
        writer.add_rope_scaling_type(RopeScalingType.LONGROPE)
        writer.add_rope_scaling_orig_ctx_len(original)
        writer.add_rope_scaling_attn_factors(math.sqrt(1 + math.log(stretch) / math.log(original)))


def rope_factors(config) -> dict[str, np.ndarray]:
    """Tensors by which llama.cpp divides the frequencies, [head size / 2]."""
    settings = global_rope(config)
    if settings["rope_type"] == "longrope":
        return {
            f"rope_factors_{kind}.weight": np.array(settings[f"{kind}_factor"], np.float32)
            for kind in ("long", "short")
        }
    if settings["rope_type"] == "llama3":
        scaled, _ = ROPE_INIT_FUNCTIONS["llama3"](config, "cpu")
        size = head_size(config)
        plain = 1.0 / settings["rope_theta"] ** (torch.arange(0, size, 2).float() / size)
        return {"rope_freqs.weight": (plain / scaled).numpy().astype(np.float32)}
    return {}
