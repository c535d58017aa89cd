// Where the weights of a model lie: in the mapped file, on the device, or partly there and partly brought when needed.
#include <algorithm>
#include <cstring>

#include "failure.h"
#include "model.h"

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

size_t sumOf(const Device & device, const std::vector<std::vector<ggml_tensor *>> & groups) {
    size_t bytes = 0;
    for (const auto & group : groups)
        for (const ggml_tensor * tensor : group) bytes += device.bytesOf(tensor);
    return bytes;
}
}  // namespace

// Descriptions alone: how much they take is known before there is memory for them.
void Model::describeTransposed() {
    transposedCopies_.clear();
    const auto add = [&](Linear & linear, int64_t layer) {
        if (device_.kernels(linear.weight) == nullptr) transposedCopies_.push_back({&linear, nullptr, layer, {}});
    };
    for (const NamedLinear & named : linears_) add(*named.linear, named.layer);
    add(head, -1);
    transposedContext_ = tensorContext(transposedCopies_.size());
    for (TransposedCopy & copy : transposedCopies_)
        copy.tensor = ggml_new_tensor_2d(transposedContext_.get(), transposedType(copy.linear->weight), copy.linear->out(), copy.linear->in());
}

// By layer. Norms and biases are next to nothing and live on the device in any case.
std::vector<std::vector<ggml_tensor *>> Model::streamedWeights(int64_t streamed) const {
    std::vector<std::vector<ggml_tensor *>> groups((size_t) streamed);
    for (const NamedLinear & named : linears_)
        if (named.layer < streamed) groups[(size_t) named.layer].push_back(named.linear->weight);
    return groups;
}

std::vector<std::vector<ggml_tensor *>> Model::streamedCopies(int64_t streamed) const {
    std::vector<std::vector<ggml_tensor *>> groups((size_t) streamed);
    for (const TransposedCopy & copy : transposedCopies_)
        if (copy.layer >= 0 && copy.layer < streamed) groups[(size_t) copy.layer].push_back(copy.tensor);
    return groups;
}

// Of weights and transposed copies, when so many layers are streamed.
size_t Model::deviceBytes(int64_t streamed) const {
    size_t all = 0;
    for (const ggml_tensor * tensor : gguf_->tensors())
        if (tensor != tokenEmbedding || !gathersEmbeddings_) all += device_.bytesOf(tensor);
    for (const TransposedCopy & copy : transposedCopies_) all += device_.bytesOf(copy.tensor);
    const auto weights = streamedWeights(streamed), copies = streamedCopies(streamed);
    return all - sumOf(device_, weights) - sumOf(device_, copies) + Staging::bytesFor(device_, weights) + Staging::bytesFor(device_, copies);
}

void Model::chooseResidents(const Residency & residency) {
    if (device_.isCpu()) return;
    gathersEmbeddings_ = !tied_;
    if (residency.layers != Residency::automatic) {
        streamedLayers_ = std::max<int64_t>(0, shape_.layers - residency.layers);
        return;
    }
    size_t free = 0, total = 0;
    device_.memory(free, total);
    if (total == 0) return;
    while (streamedLayers_ < shape_.layers && deviceBytes(streamedLayers_) + residency.reserve > free) streamedLayers_++;
}

void Model::placeWeights() {
    // A tensor with data is given no memory on the device.
    if (gathersEmbeddings_) tokenEmbedding->data = const_cast<uint8_t *>(gguf_->bytes(tokenEmbedding));
    staging_.place(device_, streamedWeights(streamedLayers_), "the weights of one layer");
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
            if (t->buffer != nullptr && !staging_.holds(t)) ggml_backend_tensor_set(t, gguf_->bytes(t), 0, ggml_nbytes(t));
    }
    return buffer;
}

std::vector<uint8_t> Model::transposedBytes(const Linear & linear, ggml_type type) const {
    const std::vector<float> values = transpose(gguf_->floats(linear.weight), linear.out(), linear.in());
    std::vector<uint8_t> encoded(ggml_row_size(type, linear.out()) * (size_t) linear.in());
    if (type == GGML_TYPE_F32) std::memcpy(encoded.data(), values.data(), encoded.size());
    else ggml_quantize_chunk(type, values.data(), encoded.data(), 0, linear.in(), linear.out(), nullptr);
    return encoded;
}

void Model::placeTransposed() {
    transposedStaging_.place(device_, streamedCopies(streamedLayers_), "the transposed weights of one layer");
    transposedBuffer_ = device_.allocate(transposedContext_.get(), "the transposed weights");
    for (TransposedCopy & copy : transposedCopies_) {
        copy.linear->transposed = copy.tensor;
        if (transposedStaging_.holds(copy.tensor)) continue;
        const std::vector<uint8_t> bytes = transposedBytes(*copy.linear, copy.tensor->type);
        ggml_backend_tensor_set(copy.tensor, bytes.data(), 0, bytes.size());
    }
}

void Model::prepareBackward() {
    if (hasTransposed_) return;
    try {
        placeTransposed();
    } catch (...) {
        for (TransposedCopy & copy : transposedCopies_) copy.linear->transposed = nullptr;
        transposedStaging_ = Staging();
        transposedBuffer_.reset();
        describeTransposed();
        throw;
    }
    hasTransposed_ = true;
}

void Model::bringWeights(int64_t layer) {
    if (layer < streamedLayers_) staging_.bring((size_t) layer, [&](const ggml_tensor * tensor) { return gguf_->bytes(tensor); });
}

// Copies of layers that no gradient reaches are never made.
void Model::bringTransposed(int64_t layer) {
    if (layer >= streamedLayers_) return;
    transposedStaging_.bring((size_t) layer, [&](const ggml_tensor * tensor) {
        auto copy = std::find_if(transposedCopies_.begin(), transposedCopies_.end(), [&](const TransposedCopy & c) { return c.tensor == tensor; });
        if (copy->bytes.empty()) copy->bytes = transposedBytes(*copy->linear, tensor->type);
        return copy->bytes.data();
    });
}

std::vector<float> Model::embeddings(const std::vector<int32_t> & tokens) const {
    const ggml_type type = tokenEmbedding->type;
    const size_t width = (size_t) shape_.embedding, rowBytes = ggml_row_size(type, shape_.embedding);
    std::vector<float> rows(tokens.size() * width);
    for (size_t i = 0; i < tokens.size(); i++) {
        const uint8_t * row = gguf_->bytes(tokenEmbedding) + (size_t) tokens[i] * rowBytes;
        if (type == GGML_TYPE_F32) std::memcpy(&rows[i * width], row, rowBytes);
        else ggml_get_type_traits(type)->to_float(row, &rows[i * width], shape_.embedding);
    }
    if (architecture_.embeddingScale != 1)
        for (float & value : rows) value *= architecture_.embeddingScale;
    return rows;
}
