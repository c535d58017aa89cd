#include "model.h"

#include "failure.h"

namespace {
std::string layerTensor(int64_t layer, const std::string & name, const char * suffix) { return "blk." + std::to_string(layer) + "." + name + suffix; }
}  // namespace

Model::Model(const std::string & path, Device & device, int64_t contextLength, const Residency & residency)
    : device_(device), gguf_(std::make_unique<GgufFile>(path)) {
    architecture_ = describeArchitecture(*gguf_, shape_);
    for (const ggml_tensor * t : gguf_->tensors())
        if (std::string(t->name).find(".scale") != std::string::npos) throw unsupportedModel(path, std::string(t->name) + " scales a weight apart");
    bindGlobals(contextLength);
    layers.resize(shape_.layers);
    for (int64_t i = 0; i < shape_.layers; i++) bindLayer(i);
    refuseUnbound();
    describeTransposed();
    chooseResidents(residency);
    placeWeights();
}

ggml_tensor * Model::optional(const std::string & name, int64_t ne0, int64_t ne1) {
    bound_.insert(name);
    ggml_tensor * tensor = gguf_->find(name);
    if (tensor == nullptr) return nullptr;
    if (tensor->ne[0] != ne0 || tensor->ne[1] != ne1 || tensor->ne[2] != 1 || tensor->ne[3] != 1)
        throw corruptModel(path(), name + " has the wrong shape");
    if (ne1 == 1 && tensor->type != GGML_TYPE_F32) throw unsupportedModel(path(), name + " is not F32");
    const ggml_type_traits * traits = ggml_get_type_traits(tensor->type);
    if (tensor->type != GGML_TYPE_F32 && (traits == nullptr || traits->to_float == nullptr))
        throw unsupportedModel(path(), name + " has type " + ggml_type_name(tensor->type));
    return tensor;
}

// What the file holds beyond what is computed here would change what the model says.
void Model::refuseUnbound() const {
    for (const ggml_tensor * t : gguf_->tensors()) {
        const std::string name = t->name;
        // Of long and short factors one is in force; rotations that old files carry are computed.
        const bool known = name.rfind("rope_f", 0) == 0 || name.find(".attn_rot_embd") != std::string::npos;
        if (!known && bound_.count(name) == 0) throw unsupportedModel(path(), name + " is a tensor that " + architecture_.name + " does not have here");
    }
}

ggml_tensor * Model::need(const std::string & name, int64_t ne0, int64_t ne1) {
    ggml_tensor * tensor = optional(name, ne0, ne1);
    if (tensor == nullptr) throw corruptModel(path(), name + " is missing");
    return tensor;
}

void Model::bindGlobals(int64_t contextLength) {
    const Shape & s = shape_;
    tokenEmbedding = gguf_->find("token_embd.weight");
    if (tokenEmbedding == nullptr) throw corruptModel(path(), "token_embd.weight is missing");
    shape_.vocabulary = tokenEmbedding->ne[1];
    need("token_embd.weight", s.embedding, s.vocabulary);
    outputNorm = need("output_norm.weight", s.embedding);
    head.weight = optional("output.weight", s.embedding, s.vocabulary);
    head.bias = optional("output.bias", s.vocabulary);
    tied_ = head.weight == nullptr;
    if (tied_) head.weight = tokenEmbedding;
    ropeFactors = optional("rope_freqs.weight", s.ropeDimensions / 2);
    if (ropeFactors == nullptr)
        ropeFactors = optional(contextLength > architecture_.originalContext ? "rope_factors_long.weight" : "rope_factors_short.weight", s.ropeDimensions / 2);
}

void Model::bindLinear(int64_t index, const char * name, Linear & linear, Input input, int64_t in, int64_t out, std::vector<std::string> targets) {
    linear.weight = need(layerTensor(index, name, ".weight"), in, out);
    linear.bias = optional(layerTensor(index, name, ".bias"), out);
    linears_.push_back({layerTensor(index, name, ".weight"), std::move(targets), &linear, index, 4 * index + (int64_t) input});
}

void Model::bindLayer(int64_t index) {
    Layer & layer = layers[index];
    const int64_t width = shape_.embedding;
    if (architecture_.preNorms) {
        layer.attentionNorm = need(layerTensor(index, "attn_norm", ".weight"), width);
        layer.feedForwardNorm = need(layerTensor(index, "ffn_norm", ".weight"), width);
        if (gguf_->find(layerTensor(index, "attn_norm", ".bias")) != nullptr) throw unsupportedModel(path(), "its norms have biases");
    }
    if (architecture_.postNorms) {
        layer.postAttentionNorm = need(layerTensor(index, "post_attention_norm", ".weight"), width);
        layer.postFeedForwardNorm = need(layerTensor(index, "post_ffw_norm", ".weight"), width);
    }
    bindAttention(index, layer);
    bindFeedForward(index, layer);
}

void Model::bindAttention(int64_t index, Layer & layer) {
    const Shape & s = shape_;
    const int64_t attention = s.heads * s.headSize, kv = s.kvHeads * s.headSize;
    if (gguf_->find(layerTensor(index, "attn_qkv", ".weight")) != nullptr) {
        if (architecture_.queryKeyNorm != QueryKeyNorm::none) throw unsupportedModel(path(), "query, key and value are fused and normed");
        bindLinear(index, "attn_qkv", layer.fusedQueryKeyValue, Input::normed, s.embedding, attention + 2 * kv, {"attn_q", "attn_k", "attn_v"});
        for (const char * part : {"attn_q", "attn_k", "attn_v"})
            if (gguf_->find(layerTensor(index, part, ".bias")) != nullptr) throw unsupportedModel(path(), "a fused tensor has separate biases");
    } else {
        bindLinear(index, "attn_q", layer.query, Input::normed, s.embedding, attention, {"attn_q"});
        bindLinear(index, "attn_k", layer.key, Input::normed, s.embedding, kv, {"attn_k"});
        bindLinear(index, "attn_v", layer.value, Input::normed, s.embedding, kv, {"attn_v"});
    }
    bindLinear(index, "attn_output", layer.output, Input::attended, attention, s.embedding, {"attn_output"});
    const QueryKeyNorm norm = architecture_.queryKeyNorm;
    if (norm == QueryKeyNorm::none) return;
    layer.queryNorm = need(layerTensor(index, "attn_q_norm", ".weight"), norm == QueryKeyNorm::perHead ? s.headSize : attention);
    layer.keyNorm = need(layerTensor(index, "attn_k_norm", ".weight"), norm == QueryKeyNorm::perHead ? s.headSize : kv);
}

void Model::bindFeedForward(int64_t index, Layer & layer) {
    const Shape & s = shape_;
    const ggml_tensor * up = gguf_->find(layerTensor(index, "ffn_up", ".weight"));
    if (up != nullptr && up->ne[1] == 2 * s.feedForward) {
        bindLinear(index, "ffn_up", layer.up, Input::middle, s.embedding, 2 * s.feedForward, {"ffn_gate", "ffn_up"});
    } else {
        bindLinear(index, "ffn_gate", layer.gate, Input::middle, s.embedding, s.feedForward, {"ffn_gate"});
        bindLinear(index, "ffn_up", layer.up, Input::middle, s.embedding, s.feedForward, {"ffn_up"});
    }
    bindLinear(index, "ffn_down", layer.down, Input::hidden, s.feedForward, s.embedding, {"ffn_down"});
}

Linear * Model::linear(const std::string & tensor) const {
    for (const NamedLinear & named : linears_)
        if (named.tensor == tensor) return named.linear;
    return nullptr;
}
