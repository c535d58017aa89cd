#include "model.h"

#include <cstring>

#include "failure.h"

namespace {
std::string layerTensor(int64_t layer, const std::string & name, const char * suffix) { return "blk." + std::to_string(layer) + "." + name + suffix; }
}  // namespace

Model::Model(const std::string & path, Device & device, int64_t contextLength) : device_(device), gguf_(std::make_unique<GgufFile>(path)) {
    architecture_ = describeArchitecture(*gguf_, shape_);
    for (const ggml_tensor * t : gguf_->tensors())
        if (std::string(t->name).find(".scale") != std::string::npos) throw unsupportedModel(path, std::string(t->name) + " scales a weight apart");
    bindGlobals(contextLength);
    layers.resize(shape_.layers);
    for (int64_t i = 0; i < shape_.layers; i++) bindLayer(i);
    placeWeights();
}

ggml_tensor * Model::optional(const std::string & name, int64_t ne0, int64_t ne1) {
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

void Model::bindLinear(int64_t index, const char * name, Linear & linear, int64_t in, int64_t out, std::vector<std::string> targets) {
    linear.weight = need(layerTensor(index, name, ".weight"), in, out);
    linear.bias = optional(layerTensor(index, name, ".bias"), out);
    linears_.push_back({layerTensor(index, name, ".weight"), std::move(targets), &linear});
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
        bindLinear(index, "attn_qkv", layer.fusedQueryKeyValue, s.embedding, attention + 2 * kv, {"attn_q", "attn_k", "attn_v"});
        for (const char * part : {"attn_q", "attn_k", "attn_v"})
            if (gguf_->find(layerTensor(index, part, ".bias")) != nullptr) throw unsupportedModel(path(), "a fused tensor has separate biases");
    } else {
        bindLinear(index, "attn_q", layer.query, s.embedding, attention, {"attn_q"});
        bindLinear(index, "attn_k", layer.key, s.embedding, kv, {"attn_k"});
        bindLinear(index, "attn_v", layer.value, s.embedding, kv, {"attn_v"});
    }
    bindLinear(index, "attn_output", layer.output, attention, s.embedding, {"attn_output"});
    const QueryKeyNorm norm = architecture_.queryKeyNorm;
    if (norm == QueryKeyNorm::none) return;
    layer.queryNorm = need(layerTensor(index, "attn_q_norm", ".weight"), norm == QueryKeyNorm::perHead ? s.headSize : attention);
    layer.keyNorm = need(layerTensor(index, "attn_k_norm", ".weight"), norm == QueryKeyNorm::perHead ? s.headSize : kv);
}

void Model::bindFeedForward(int64_t index, Layer & layer) {
    const Shape & s = shape_;
    const ggml_tensor * up = gguf_->find(layerTensor(index, "ffn_up", ".weight"));
    if (up != nullptr && up->ne[1] == 2 * s.feedForward) {
        bindLinear(index, "ffn_up", layer.up, s.embedding, 2 * s.feedForward, {"ffn_gate", "ffn_up"});
    } else {
        bindLinear(index, "ffn_gate", layer.gate, s.embedding, s.feedForward, {"ffn_gate"});
        bindLinear(index, "ffn_up", layer.up, s.embedding, s.feedForward, {"ffn_up"});
    }
    bindLinear(index, "ffn_down", layer.down, s.feedForward, s.embedding, {"ffn_down"});
}

Linear * Model::linear(const std::string & tensor) const {
    for (const NamedLinear & named : linears_)
        if (named.tensor == tensor) return named.linear;
    return nullptr;
}

void Model::placeWeights() {
    for (const GgufPart & part : gguf_->parts()) {
        BufferPtr buffer = placePart(part);
        if (!buffer) continue;  // a first part may hold metadata alone
        ggml_backend_buffer_set_usage(buffer.get(), GGML_BACKEND_BUFFER_USAGE_WEIGHTS);
        weightBytes_ += ggml_backend_buffer_get_size(buffer.get());
        weightBuffers_.push_back(std::move(buffer));
    }
}

BufferPtr Model::placePart(const GgufPart & part) {
    ggml_context * context = part.tensors.get();
    const bool aligned = gguf_get_alignment(part.gguf.get()) % ggml_backend_buft_get_alignment(device_.bufferType()) == 0;
    BufferPtr buffer;
    if (device_.isCpu() && aligned) {
        // The mapped file is the weights: no copy, and pages are shared with other readers.
        buffer.reset(ggml_backend_cpu_buffer_from_ptr(const_cast<uint8_t *>(part.file->data()), part.file->size()));
        if (!buffer) throw outOfMemory("the model's weights", part.file->size());
        for (ggml_tensor * t = ggml_get_first_tensor(context); t != nullptr; t = ggml_get_next_tensor(context, t))
            if (ggml_backend_tensor_alloc(buffer.get(), t, const_cast<uint8_t *>(gguf_->bytes(t))) != GGML_STATUS_SUCCESS)
                throw corruptModel(part.path, std::string(t->name) + " cannot be placed");
    } else {
        buffer = device_.allocate(context, "the model's weights");
        for (ggml_tensor * t = ggml_get_first_tensor(context); t != nullptr; t = ggml_get_next_tensor(context, t))
            ggml_backend_tensor_set(t, gguf_->bytes(t), 0, ggml_nbytes(t));
    }
    return buffer;
}

namespace {
ggml_type transposedType(const ggml_tensor * weight) {
    if (!ggml_is_quantized(weight->type)) return weight->type;
    return weight->ne[1] % ggml_blck_size(GGML_TYPE_Q8_0) == 0 ? GGML_TYPE_Q8_0 : GGML_TYPE_F16;
}

// rows × columns, row-major, to columns × rows; in tiles that fit the cache.
std::vector<float> transpose(const std::vector<float> & values, int64_t rows, int64_t columns) {
    constexpr int64_t tile = 32;
    std::vector<float> result(values.size());
    for (int64_t r0 = 0; r0 < rows; r0 += tile)
        for (int64_t c0 = 0; c0 < columns; c0 += tile)
            for (int64_t r = r0; r < std::min(rows, r0 + tile); r++)
                for (int64_t c = c0; c < std::min(columns, c0 + tile); c++) result[c * rows + r] = values[r * columns + c];
    return result;
}
}  // namespace

void Model::prepareBackward() {
    if (transposedContext_) return;
    std::vector<Linear *> all;
    const auto add = [&](Linear & linear) {
        if (device_.kernels(linear.weight) == nullptr) all.push_back(&linear);
    };
    for (const NamedLinear & named : linears_) add(*named.linear);
    add(head);
    transposedContext_ = tensorContext(all.size());
    for (Linear * linear : all)
        linear->transposed = ggml_new_tensor_2d(transposedContext_.get(), transposedType(linear->weight), linear->out(), linear->in());
    try {
        transposedBuffer_ = device_.allocate(transposedContext_.get(), "the transposed weights");
    } catch (...) {
        for (Linear * linear : all) linear->transposed = nullptr;
        transposedContext_.reset();
        throw;
    }
    for (Linear * linear : all) {
        ggml_tensor * target = linear->transposed;
        const std::vector<float> values = transpose(gguf_->floats(linear->weight), linear->out(), linear->in());
        std::vector<uint8_t> encoded(ggml_nbytes(target));
        if (target->type == GGML_TYPE_F32) std::memcpy(encoded.data(), values.data(), encoded.size());
        else ggml_quantize_chunk(target->type, values.data(), encoded.data(), 0, linear->in(), linear->out(), nullptr);
        ggml_backend_tensor_set(target, encoded.data(), 0, encoded.size());
    }
}
