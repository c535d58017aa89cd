"""Models and adapters as GGUF, the way llama.cpp's converters write them."""

import gguf
import numpy as np

from architectures import Architecture, global_rope, head_size, rope_factors, rope_metadata

LINEARS = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "self_attn.qkv_proj": "attn_qkv",
    "mlp.gate_up_proj": "ffn_up",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}

NORMAL, UNKNOWN, CONTROL, UNUSED, BYTE = 1, 2, 3, 5, 6


def permuted(rows: np.ndarray, heads: int) -> np.ndarray:
    """Rows of q or k from rope in halves to rope in pairs; works on weights, biases and a LoRA's B alike."""
    return rows.reshape(heads, 2, rows.shape[0] // heads // 2, *rows.shape[1:]).swapaxes(1, 2).reshape(rows.shape)


def gguf_rows(architecture: Architecture, config, name: str, rows: np.ndarray) -> np.ndarray:
    """Output rows of a linear (`attn_q`, …) in the order of the GGUF."""
    if not architecture.interleaved_rope or name not in ("attn_q", "attn_k"):
        return rows
    return permuted(rows, config.num_attention_heads if name == "attn_q" else config.num_key_value_heads)


def write_model(path: str, model, architecture: Architecture) -> None:
    config = model.config
    writer = gguf.GGUFWriter(path, architecture.gguf)
    write_metadata(writer, config, architecture)
    write_vocabulary(writer, config.vocab_size)
    writer.add_file_type(0)
    for name, values in model_tensors(model, architecture).items():
        writer.add_tensor(name, np.ascontiguousarray(values))
    finish(writer)


def write_adapter(path: str, architecture: str, alpha: float, tensors: dict[str, np.ndarray]) -> None:
    """Pairs `blk.N.NAME.weight.lora_a` [rank, in] and `.lora_b` [out, rank]."""
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", float(alpha))
    for name, values in tensors.items():
        writer.add_tensor(name, np.ascontiguousarray(values.astype(np.float32)))
    finish(writer)


def finish(writer) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def write_metadata(writer, config, architecture: Architecture) -> None:
    size = head_size(config)
    writer.add_name(f"reference-{architecture.gguf}")
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_vocab_size(config.vocab_size)
    writer.add_rope_freq_base(global_rope(config)["rope_theta"])
    writer.add_rope_dimension_count(size)
    writer.add_key_length(size)
    writer.add_value_length(size)
    rope_metadata(writer, config)
    architecture.metadata(writer, config)


def model_tensors(model, architecture: Architecture) -> dict[str, np.ndarray]:
    """Every tensor of the file in its order, F32, rows and offsets as the GGUF wants them."""
    config = model.config
    weights = {name: value.detach().numpy().astype(np.float32) for name, value in model.state_dict().items()}
    tensors = rope_factors(config)
    tensors["token_embd.weight"] = weights["model.embed_tokens.weight"]
    tensors["output_norm.weight"] = weights["model.norm.weight"] + np.float32(architecture.norm_offset)
    if not config.tie_word_embeddings:
        tensors["output.weight"] = weights["lm_head.weight"]
    for layer in range(config.num_hidden_layers):
        for name, values in layer_tensors(weights, f"model.layers.{layer}.", config, architecture).items():
            tensors[f"blk.{layer}.{name}"] = values
    return tensors


def layer_tensors(weights: dict, prefix: str, config, architecture: Architecture) -> dict[str, np.ndarray]:
    offset = np.float32(architecture.norm_offset)
    tensors = {
        f"{name}.weight": weights[f"{prefix}{source}.weight"] + offset for source, name in architecture.norms.items()
    }
    for source, name in LINEARS.items():
        for part in ("weight", "bias"):
            if (rows := weights.get(f"{prefix}{source}.{part}")) is not None:
                tensors[f"{name}.{part}"] = gguf_rows(architecture, config, name, rows)
    for part in ("q_norm", "k_norm"):
        if (values := weights.get(f"{prefix}self_attn.{part}.weight")) is not None:
            tensors[f"attn_{part}.weight"] = values + offset
    return tensors


def write_vocabulary(writer, size: int) -> None:
    """A SentencePiece vocabulary that llama.cpp loads: special tokens, the 256 bytes, letters, pairs, padding."""
    entries = [(b"<unk>", UNKNOWN, 0.0), (b"<s>", CONTROL, 0.0), (b"</s>", CONTROL, 0.0)]
    entries += [(b"<0x%02X>" % byte, BYTE, 0.0) for byte in range(256)]
    entries += [(b"<|endoftext|>", CONTROL, 0.0), (b"<|end|>", CONTROL, 0.0)]
    space = "\u2581"
    letters = "etaoinshrdlucmfwypvbgkjqxzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,!?'\":;#_-()\n"
    for letter in [space, *letters][: size - len(entries)]:
        entries.append((letter.encode(), NORMAL, -float(len(entries) + 1)))
    pairs = [first + second for first in "etaoinshr" + space for second in "etaoinshrdl"]
    for pair in pairs[: size - len(entries)]:
        entries.append((pair.encode(), NORMAL, -float(len(entries) + 1) / 100 - 1))
    while len(entries) < size:
        entries.append((b"<pad%d>" % len(entries), UNUSED, -1000.0))
    texts, types, scores = zip(*entries)
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(list(texts))
    writer.add_token_scores(list(scores))
    writer.add_token_types(list(types))
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_add_bos_token(True)
    writer.add_add_space_prefix(False)
