#include "model.h"

#include <cmath>
#include <cstring>

#include "failure.h"

namespace {
const std::vector<Architecture> & architectures() {
    static const std::vector<Architecture> known = {{"llama", GGML_ROPE_TYPE_NORMAL}};
    return known;
}

// Widest layer count and embedding a GGUF may claim; far above any dense model, far below what would exhaust memory.
constexpr double maxLayers = 1024, maxWidth = 1 << 20;

struct LayerName {
    const char * tensor;
    Linear Layer::*linear;
};
constexpr LayerName layerNames[] = {
    {"attn_q", &Layer::query},   {"attn_k", &Layer::key},  {"attn_v", &Layer::value},  {"attn_output", &Layer::output},
    {"ffn_gate", &Layer::gate},  {"ffn_up", &Layer::up},   {"ffn_down", &Layer::down},
};

std::string layerTensor(int64_t layer, const char * name, const char * suffix) {
    return "blk." + std::to_string(layer) + "." + name + suffix;
}
}  // namespace

Model::Model(const std::string & path, Device & device) : device_(device), gguf_(std::make_unique<GgufFile>(path)) {
    readShape();
    bindTensors();
    placeWeights();
}

void Model::readShape() {
    const GgufFile & file = *gguf_;
    const std::string name = file.text("general.architecture", "");
    if (file.text("general.type", "model") == "adapter") throw unsupportedModel(path(), "it is an adapter, not a model");
    if (name.empty()) throw corruptModel(path(), "general.architecture is missing");
    bool known = false;
    for (const Architecture & candidate : architectures())
        if (candidate.name == name) architecture_ = candidate, known = true;
    if (!known) throw unsupportedModel(path(), "its architecture is `" + name + "`");
    if (file.number("split.count", 0) > 1) throw unsupportedModel(path(), "it is split over several files");
    if (file.number(name + ".expert_count", 0) > 0) throw unsupportedModel(path(), "it is a mixture of experts");

    const auto whole = [&](const std::string & key, double lowest, double highest, double otherwise = -1) {
        const double value = otherwise < 0 ? file.required(name + key) : file.number(name + key, otherwise);
        if (value < lowest || value > highest || value != std::floor(value)) throw corruptModel(path(), name + key + " is out of range");
        return (int64_t) value;
    };
    Shape & s = shape_;
    s.layers = whole(".block_count", 1, maxLayers);
    s.embedding = whole(".embedding_length", 1, maxWidth);
    s.feedForward = whole(".feed_forward_length", 1, maxWidth);
    s.heads = whole(".attention.head_count", 1, maxWidth);
    s.kvHeads = whole(".attention.head_count_kv", 1, maxWidth, (double) s.heads);
    s.headSize = whole(".attention.key_length", 1, maxWidth, (double) (s.embedding / s.heads));
    s.context = whole(".context_length", 1, 1e9, 2048);
    s.ropeDimensions = whole(".rope.dimension_count", 1, maxWidth, (double) s.headSize);
    if (s.heads % s.kvHeads != 0) throw corruptModel(path(), "head_count is no multiple of head_count_kv");
    if (whole(".attention.value_length", 1, maxWidth, (double) s.headSize) != s.headSize)
        throw unsupportedModel(path(), "keys and values have different lengths");
    if (s.ropeDimensions > s.headSize || s.ropeDimensions % 2 != 0) throw corruptModel(path(), "rope.dimension_count does not fit the head size");
    s.epsilon = (float) file.required(name + ".attention.layer_norm_rms_epsilon");
    s.ropeBase = (float) file.number(name + ".rope.freq_base", 10000);
    if (!(s.epsilon > 0) || !(s.ropeBase > 0)) throw corruptModel(path(), "a norm or rope setting is not positive");
    const std::string scaling = file.text(name + ".rope.scaling.type", "linear");
    if (scaling != "linear" && scaling != "none") throw unsupportedModel(path(), "its rope scaling is `" + scaling + "`");
    const double factor = file.number(name + ".rope.scaling.factor", file.number(name + ".rope.scale_linear", 0));
    s.ropeScale = factor == 0 || scaling == "none" ? 1.0f : (float) (1.0 / factor);
    const double scale = file.number(name + ".attention.scale", 0);
    s.attentionScale = scale == 0 ? 1.0f / std::sqrt((float) s.headSize) : (float) scale;
}

ggml_tensor * Model::optional(const std::string & name, int64_t ne0, int64_t ne1) {
    ggml_tensor * tensor = gguf_->find(name);
    if (tensor == nullptr) return nullptr;
    if (tensor->ne[0] != ne0 || tensor->ne[1] != ne1 || tensor->ne[2] != 1 || tensor->ne[3] != 1)
        throw corruptModel(path(), name + " has the wrong shape");
    if (ne1 == 1 && tensor->type != GGML_TYPE_F32) throw unsupportedModel(path(), name + " is not F32");
    if (ne1 != 1) checkMatrix(tensor);
    return tensor;
}

ggml_tensor * Model::need(const std::string & name, int64_t ne0, int64_t ne1) {
    ggml_tensor * tensor = optional(name, ne0, ne1);
    if (tensor == nullptr) throw corruptModel(path(), name + " is missing");
    return tensor;
}

void Model::checkMatrix(const ggml_tensor * tensor) const {
    switch (tensor->type) {
        case GGML_TYPE_F32: case GGML_TYPE_F16: case GGML_TYPE_Q8_0: return;
        default: throw unsupportedModel(path(), std::string(tensor->name) + " has type " + ggml_type_name(tensor->type));
    }
}

void Model::bindTensors() {
    const Shape & s = shape_;
    tokenEmbedding = gguf_->find("token_embd.weight");
    if (tokenEmbedding == nullptr) throw corruptModel(path(), "token_embd.weight is missing");
    shape_.vocabulary = tokenEmbedding->ne[1];
    need("token_embd.weight", s.embedding, s.vocabulary);
    outputNorm = need("output_norm.weight", s.embedding);
    ropeFactors = optional("rope_freqs.weight", s.ropeDimensions / 2);
    if (gguf_->find("rope_factors_long.weight") != nullptr) throw unsupportedModel(path(), "it has long-rope factors");
    head.weight = optional("output.weight", s.embedding, s.vocabulary);
    tied_ = head.weight == nullptr;
    if (tied_) head.weight = tokenEmbedding;

    const int64_t attention = s.heads * s.headSize, kv = s.kvHeads * s.headSize;
    const int64_t shapes[][2] = {{s.embedding, attention}, {s.embedding, kv}, {s.embedding, kv}, {attention, s.embedding},
                                 {s.embedding, s.feedForward}, {s.embedding, s.feedForward}, {s.feedForward, s.embedding}};
    layers.resize(s.layers);
    for (int64_t i = 0; i < s.layers; i++) {
        Layer & layer = layers[i];
        if (gguf_->find(layerTensor(i, "attn_qkv", ".weight")) != nullptr) throw unsupportedModel(path(), "query, key and value are fused in one tensor");
        layer.attentionNorm = need(layerTensor(i, "attn_norm", ".weight"), s.embedding);
        layer.feedForwardNorm = need(layerTensor(i, "ffn_norm", ".weight"), s.embedding);
        for (size_t k = 0; k < std::size(layerNames); k++) {
            Linear & linear = layer.*layerNames[k].linear;
            const std::string name = layerTensor(i, layerNames[k].tensor, ".weight");
            linear.weight = need(name, shapes[k][0], shapes[k][1]);
            linear.bias = optional(layerTensor(i, layerNames[k].tensor, ".bias"), shapes[k][1]);
            linears_.emplace_back(name, &linear);
        }
    }
}

Linear * Model::linear(const std::string & tensor) {
    for (auto & [name, linear] : linears_)
        if (name == tensor) return linear;
    return nullptr;
}

void Model::placeWeights() {
    ggml_context * context = gguf_->tensors();
    const bool aligned = gguf_get_alignment(gguf_->gguf()) % ggml_backend_buft_get_alignment(device_.bufferType()) == 0;
    if (device_.isCpu() && aligned) {
        // The mapped file is the weights: no copy, and pages are shared with other readers.
        uint8_t * base = const_cast<uint8_t *>(gguf_->file().data());
        weightBuffer_.reset(ggml_backend_cpu_buffer_from_ptr(base, gguf_->file().size()));
        if (!weightBuffer_) throw outOfMemory("the model's weights", gguf_->file().size());
        for (ggml_tensor * t = ggml_get_first_tensor(context); t != nullptr; t = ggml_get_next_tensor(context, t))
            if (ggml_backend_tensor_alloc(weightBuffer_.get(), t, const_cast<uint8_t *>(gguf_->bytes(t))) != GGML_STATUS_SUCCESS)
                throw corruptModel(path(), std::string(t->name) + " cannot be placed");
    } else {
        weightBuffer_ = device_.allocate(context, "the model's weights");
        for (ggml_tensor * t = ggml_get_first_tensor(context); t != nullptr; t = ggml_get_next_tensor(context, t))
            ggml_backend_tensor_set(t, gguf_->bytes(t), 0, ggml_nbytes(t));
    }
    ggml_backend_buffer_set_usage(weightBuffer_.get(), GGML_BACKEND_BUFFER_USAGE_WEIGHTS);
    weightBytes_ = ggml_backend_buffer_get_size(weightBuffer_.get());
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
    for (auto & [name, linear] : linears_) all.push_back(linear);
    all.push_back(&head);
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
