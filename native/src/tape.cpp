// What a pass keeps from forward to backward: its tensors, their storage, and what is known before any of it is computed.
#include <set>

#include "trainer.h"

bool Trainer::shouldKeepActivations(const Packing & p) const {
    if (policy_ != ActivationPolicy::automatic) return policy_ == ActivationPolicy::keep;
    const Shape & s = model_.shape();
    size_t probabilities = 0;
    for (const auto * blocks : {&p.prefixBlocks, &p.segmentBlocks})
        for (const AttentionBlock & block : *blocks) probabilities += (size_t) (block.queries.count * block.paddedKeys * s.heads);
    const int64_t norms = (model_.architecture().postNorms ? 2 * s.embedding : 0) +
                          (model_.architecture().queryKeyNorm == QueryKeyNorm::none ? 0 : (s.heads + s.kvHeads) * s.headSize);
    const size_t perRow = (size_t) (s.embedding + 2 * s.feedForward + 2 * s.heads * s.headSize + 2 * s.kvHeads * s.headSize + norms);
    const size_t bytes = (size_t) (s.layers - tape_->lowest) * (perRow * (size_t) p.rows + probabilities) * sizeof(float);
    size_t free = 0, total = 0;
    device_.memory(free, total);
    return bytes <= free / 4;
}

Activations Trainer::activationTensors(int64_t layer) {
    const Shape & s = model_.shape();
    ggml_context * c = tape_->context.get();
    const int64_t rows = tape_->packing.rows, queryRows = isLast(layer) ? tape_->packing.segmentRows() : rows;
    const auto matrix = [&](int64_t width, int64_t count) { return ggml_new_tensor_2d(c, GGML_TYPE_F32, width, count); };
    const auto heads = [&](int64_t count, int64_t n) { return ggml_new_tensor_3d(c, GGML_TYPE_F32, s.headSize, count, n); };
    Activations a;
    a.attended = matrix(s.heads * s.headSize, queryRows);
    a.q = heads(s.heads, queryRows);
    a.k = heads(s.kvHeads, rows);
    a.v = heads(s.kvHeads, rows);
    a.middle = matrix(s.embedding, queryRows);
    a.gate = matrix(s.feedForward, queryRows);
    a.up = matrix(s.feedForward, queryRows);
    if (model_.architecture().postNorms) {
        a.attentionOutput = matrix(s.embedding, queryRows);
        a.feedForwardOutput = matrix(s.embedding, queryRows);
    }
    if (model_.architecture().queryKeyNorm != QueryKeyNorm::none) {
        a.rawQuery = matrix(s.heads * s.headSize, queryRows);
        a.rawKey = matrix(s.kvHeads * s.headSize, rows);
    }
    const auto add = [&](const std::vector<AttentionBlock> & blocks) {
        for (const AttentionBlock & b : blocks) a.probabilities.push_back(ggml_new_tensor_3d(c, GGML_TYPE_F32, b.paddedKeys, b.queries.count, s.heads));
    };
    if (!isLast(layer)) add(tape_->packing.prefixBlocks);
    add(tape_->packing.segmentBlocks);
    return a;
}

// Computed results and where they are kept; what this architecture does not need has no storage.
std::vector<std::pair<ggml_tensor *, ggml_tensor *>> Trainer::keptPairs(const Activations & computed, const Activations & kept) const {
    std::vector<std::pair<ggml_tensor *, ggml_tensor *>> pairs;
    for (auto part : {&Activations::rawQuery, &Activations::rawKey, &Activations::q, &Activations::k, &Activations::v, &Activations::attentionOutput,
                      &Activations::middle, &Activations::gate, &Activations::up, &Activations::feedForwardOutput})
        if (kept.*part != nullptr) pairs.emplace_back(computed.*part, kept.*part);
    for (size_t i = 0; i < kept.probabilities.size(); i++) pairs.emplace_back(computed.probabilities[i], kept.probabilities[i]);
    return pairs;
}

MaskSet Trainer::maskTensors() {
    MaskSet masks;
    const auto add = [&](const std::vector<AttentionBlock> & blocks, std::vector<ggml_tensor *> & tensors) {
        for (const AttentionBlock & b : blocks) tensors.push_back(ggml_new_tensor_2d(tape_->context.get(), GGML_TYPE_F32, b.paddedKeys, b.queries.count));
    };
    add(tape_->packing.prefixBlocks, masks.prefix);
    add(tape_->packing.segmentBlocks, masks.segment);
    return masks;
}

void Trainer::fillMasks() {
    const Packing & p = tape_->packing;
    for (auto & [window, masks] : tape_->inputs.masks)
        for (const auto & [blocks, tensors] : {std::pair{&p.prefixBlocks, &masks.prefix}, std::pair{&p.segmentBlocks, &masks.segment}})
            for (size_t i = 0; i < blocks->size(); i++) {
                const std::vector<float> mask = attentionMask(p, (*blocks)[i], window);
                ggml_backend_tensor_set((*tensors)[i], mask.data(), 0, mask.size() * sizeof(float));
            }
}

void Trainer::prepareTape(const std::vector<TokenRow> & rows, bool useAdapter, bool keep) {
    tape_ = std::make_unique<Tape>();
    Tape & t = *tape_;
    t.packing = pack(rows);
    t.adapter = useAdapter;
    t.keep = keep;
    t.lowest = keep ? trained().lowestLayer() : model_.shape().layers;
    t.keepActivations = keep && shouldKeepActivations(t.packing);
    describeTape();
    allocateTape();
    fillTape();
}

// The tensors, without storage.
void Trainer::describeTape() {
    const Shape & s = model_.shape();
    Tape & t = *tape_;
    const Packing & p = t.packing;
    const size_t blocks = p.prefixBlocks.size() + p.segmentBlocks.size();
    std::set<int64_t> windows;
    for (const LayerTraits & layer : model_.architecture().layers) windows.insert(layer.window);
    t.context = tensorContext(32 + windows.size() * blocks + (size_t) s.layers * (16 + blocks));
    ggml_context * c = t.context.get();
    const auto floats = [&](int64_t ne0, int64_t ne1) { return ggml_new_tensor_2d(c, GGML_TYPE_F32, ne0, ne1); };

    t.tokens = ggml_new_tensor_1d(c, GGML_TYPE_I32, p.rows);
    t.targets = ggml_new_tensor_1d(c, GGML_TYPE_I32, p.segmentRows());
    t.flatTargets = ggml_new_tensor_1d(c, GGML_TYPE_I32, p.segmentRows());
    t.logps = ggml_new_tensor_1d(c, GGML_TYPE_F32, p.segmentRows());
    t.inputs.packing = &t.packing;
    t.inputs.positions = ggml_new_tensor_1d(c, GGML_TYPE_I32, p.rows);
    if (model_.architecture().temperature != 0) t.inputs.queryScales = ggml_new_tensor_3d(c, GGML_TYPE_F32, 1, 1, p.rows);
    t.inputs.keyPadding = ggml_new_tensor_3d(c, GGML_TYPE_F32, s.headSize, s.kvHeads, 15);
    for (int64_t window : windows) t.inputs.masks[window] = maskTensors();
    ggml_tensor * alternating[2] = {};
    for (int64_t layer = 0; layer < s.layers; layer++) {
        ggml_tensor *& slot = alternating[layer % 2];
        if (layer >= t.lowest || slot == nullptr) slot = floats(s.embedding, p.rows);
        t.layerInputs.push_back(slot);
    }
    t.layerInputs.push_back(floats(s.embedding, p.segmentRows()));
    if (!t.keepActivations || t.lowest > 0) t.attended = floats(s.heads * s.headSize, p.rows);
    t.kept.resize((size_t) s.layers);
    if (t.keepActivations)
        for (int64_t layer = t.lowest; layer < s.layers; layer++) t.kept[layer] = activationTensors(layer);
    if (t.keep) {
        t.headGradients = floats(s.embedding, p.segmentRows());
        t.coefficients = floats(1, p.segmentRows());
        for (ggml_tensor *& gradient : t.gradients) gradient = floats(s.embedding, p.rows);
        const int64_t widths[] = {s.heads * s.headSize, s.kvHeads * s.headSize, s.kvHeads * s.headSize};
        for (int i = 0; i < 3; i++) t.inputs.attentionGradients[i] = floats(widths[i], p.rows);
    }
}

// One buffer serves one pass after another and only grows.
void Trainer::allocateTape() {
    ggml_context * c = tape_->context.get();
    const size_t bytes = ggml_backend_alloc_ctx_tensors_from_buft_size(c, device_.bufferType());
    if (!tapeBuffer_ || ggml_backend_buffer_get_size(tapeBuffer_.get()) < bytes) {
        tapeBuffer_.reset();
        tapeBuffer_ = device_.allocate(bytes, "the activations of " + std::to_string(tape_->packing.rows) + " tokens");
    }
    ggml_tallocr allocator = ggml_tallocr_new(tapeBuffer_.get());
    for (ggml_tensor * tensor = ggml_get_first_tensor(c); tensor != nullptr; tensor = ggml_get_next_tensor(c, tensor))
        ggml_tallocr_alloc(&allocator, tensor);
}

// What is known before anything is computed.
void Trainer::fillTape() {
    Tape & t = *tape_;
    const Packing & p = t.packing;
    const auto set = [](ggml_tensor * tensor, const void * data) { ggml_backend_tensor_set(tensor, data, 0, ggml_nbytes(tensor)); };
    std::vector<int32_t> flat(p.targets.size());
    for (size_t i = 0; i < flat.size(); i++) flat[i] = (int32_t) ((int64_t) (i % (size_t) headChunkRows()) * model_.shape().vocabulary + p.targets[i]);
    set(t.tokens, p.tokens.data());
    set(t.inputs.positions, p.positions.data());
    set(t.targets, p.targets.data());
    if (t.inputs.queryScales != nullptr) {
        std::vector<float> scales;
        for (int32_t position : p.positions) scales.push_back(model_.architecture().queryScale(position));
        set(t.inputs.queryScales, scales.data());
    }
    set(t.flatTargets, flat.data());
    ggml_backend_tensor_memset(t.inputs.keyPadding, 0, 0, ggml_nbytes(t.inputs.keyPadding));
    fillMasks();
}
