#include "trainer.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "derivatives.h"
#include "failure.h"
#include "products.h"

namespace {
// One chunk of the head holds its probabilities [vocabulary, rows] at most twice in this many bytes.
constexpr size_t headChunkBytes = size_t(64) << 20;
constexpr int64_t smallestHeadChunk = 16, largestHeadChunk = 512;
// Below it a probability nears the smallest that F32 holds in normal form (log −87.3): it loses digits, then it is 0.
constexpr float doubtfulLogp = -80.0f;

// GPUs multiply in half precision, where a gradient below 6e-8 is zero: a pass goes back with its largest coefficient
// between 8 and 16, as loss scaling does in mixed precision. A power of two, so that undoing it rounds nothing.
float halfScale(const std::vector<float> & coefficients) {
    float largest = 0;
    for (float coefficient : coefficients) largest = std::max(largest, std::abs(coefficient));
    if (largest == 0 || !std::isfinite(largest)) return 1;
    return std::exp2(std::min(100.0f, std::floor(4 - std::log2(largest))));
}
}  // namespace

Trainer::Trainer(const TrainerOptions & options, std::function<bool()> cancelled)
    : device_(options.libraries, options.gpu, options.threads, options.products), model_(options.model, device_, options.contextLength, options.residency),
      runner_(device_), policy_(options.activations), cancelled_(std::move(cancelled)) {
    device_.setAbort(cancelled_);
}

Parameters & Trainer::trained() {
    if (!trained_) throw Failure("bad-input", "There is no adapter yet.", "", "Make a new adapter or load one first.");
    return *trained_;
}

void Trainer::newAdapter(const AdapterPlan & plan) { train(Adapter::create(model_, device_, plan)); }

void Trainer::loadAdapter(const std::string & path) { train(Adapter::load(model_, device_, path)); }

void Trainer::trainBase() {
    trained_.reset();  // the base's own tensors must be in place again
    train(std::make_unique<BaseWeights>(model_, device_));
}

// Only whole new parameters replace the old ones: a failed load leaves them in place.
void Trainer::train(std::unique_ptr<Parameters> parameters) {
    tape_.reset();
    trained_ = std::move(parameters);
    trained_->attach();
    if (!device_.isCpu()) checkOperations();
}

// Every operation of a forward and backward is asked of the device before a run begins; nothing is computed.
void Trainer::checkOperations() {
    const GraphRunner::OnlyChecked checked(runner_);
    const std::vector<int32_t> two{0, 0};
    auto gradients = forward({{two, {two, two}}}, true, true);
    backward(gradients);
    tape_.reset();
}

void Trainer::checkRows(const std::vector<TokenRow> & rows) const {
    const auto refuse = [](const std::string & message) { return Failure("bad-input", message, "", "Check the rows that are given to the trainer."); };
    const auto check = [&](const std::vector<int32_t> & tokens) {
        for (int32_t token : tokens)
            if (token < 0 || token >= model_.shape().vocabulary) throw refuse("Token " + std::to_string(token) + " is not in the model's vocabulary.");
    };
    if (rows.empty()) throw refuse("No rows are given.");
    for (const TokenRow & row : rows) {
        if (row.query.empty()) throw refuse("A query has no tokens.");
        if (row.responses.empty()) throw refuse("A row has no responses.");
        check(row.query);
        for (const auto & response : row.responses) {
            if (response.empty()) throw refuse("A response has no tokens.");
            check(response);
        }
    }
}

std::vector<std::vector<std::vector<float>>> Trainer::forward(const std::vector<TokenRow> & rows, bool useAdapter, bool keep) {
    checkRows(rows);
    if (useAdapter || keep) trained();
    if (keep) model_.prepareBackward();
    prepareTape(rows, useAdapter, keep);
    embed();
    for (int64_t layer = 0; layer < model_.shape().layers; layer++) forwardLayer(layer);
    forwardHead();

    std::vector<float> logps((size_t) tape_->packing.segmentRows());
    ggml_backend_tensor_get(tape_->logps, logps.data(), 0, logps.size() * sizeof(float));
    std::vector<std::vector<std::vector<float>>> result;
    for (const auto & responses : tape_->packing.responses) {
        result.emplace_back();
        for (const Range & range : responses) result.back().emplace_back(logps.begin() + range.start, logps.begin() + range.end());
    }
    if (!keep) tape_.reset();
    return result;
}

bool Trainer::shouldKeepActivations(const Packing & p) const {
    if (policy_ != ActivationPolicy::automatic) return policy_ == ActivationPolicy::keep;
    const Shape & s = model_.shape();
    size_t probabilities = 0;
    for (const auto * blocks : {&p.prefixBlocks, &p.segmentBlocks})
        for (const AttentionBlock & block : *blocks) probabilities += (size_t) (block.queries.count * block.paddedKeys * s.heads);
    const int64_t norms = (model_.architecture().postNorms ? 2 * s.embedding : 0) +
                          (model_.architecture().queryKeyNorm == QueryKeyNorm::none ? 0 : (s.heads + s.kvHeads) * s.headSize);
    const size_t perRow = (size_t) (s.embedding + 2 * s.feedForward + 2 * s.heads * s.headSize + 2 * s.kvHeads * s.headSize + norms);
    const size_t bytes = (size_t) s.layers * (perRow * (size_t) p.rows + probabilities) * sizeof(float);
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
    const Shape & s = model_.shape();
    tape_ = std::make_unique<Tape>();
    Tape & t = *tape_;
    t.packing = pack(rows);
    t.adapter = useAdapter;
    t.keep = keep;
    t.keepActivations = keep && shouldKeepActivations(t.packing);
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
    const bool tempered = model_.architecture().temperature != 0;
    if (tempered) t.inputs.queryScales = ggml_new_tensor_3d(c, GGML_TYPE_F32, 1, 1, p.rows);
    t.inputs.keyPadding = ggml_new_tensor_3d(c, GGML_TYPE_F32, s.headSize, s.kvHeads, 15);
    for (int64_t window : windows) t.inputs.masks[window] = maskTensors();
    ggml_tensor * alternating[2] = {};
    for (int64_t layer = 0; layer < s.layers; layer++) {
        ggml_tensor *& slot = alternating[layer % 2];
        if (keep || slot == nullptr) slot = floats(s.embedding, p.rows);
        t.layerInputs.push_back(slot);
    }
    t.layerInputs.push_back(floats(s.embedding, p.segmentRows()));
    if (!t.keepActivations) t.attended = floats(s.heads * s.headSize, p.rows);
    if (t.keepActivations)
        for (int64_t layer = 0; layer < s.layers; layer++) t.kept.push_back(activationTensors(layer));
    if (keep) {
        t.headGradients = floats(s.embedding, p.segmentRows());
        t.coefficients = floats(1, p.segmentRows());
        for (ggml_tensor *& gradient : t.gradients) gradient = floats(s.embedding, p.rows);
        const int64_t widths[] = {s.heads * s.headSize, s.kvHeads * s.headSize, s.kvHeads * s.headSize};
        for (int i = 0; i < 3; i++) t.inputs.attentionGradients[i] = floats(widths[i], p.rows);
    }

    const size_t bytes = ggml_backend_alloc_ctx_tensors_from_buft_size(c, device_.bufferType());
    if (!tapeBuffer_ || ggml_backend_buffer_get_size(tapeBuffer_.get()) < bytes) {
        tapeBuffer_.reset();
        tapeBuffer_ = device_.allocate(bytes, "the activations of " + std::to_string(p.rows) + " tokens");
    }
    ggml_tallocr allocator = ggml_tallocr_new(tapeBuffer_.get());
    for (ggml_tensor * tensor = ggml_get_first_tensor(c); tensor != nullptr; tensor = ggml_get_next_tensor(c, tensor))
        ggml_tallocr_alloc(&allocator, tensor);

    const auto set = [](ggml_tensor * tensor, const void * data) { ggml_backend_tensor_set(tensor, data, 0, ggml_nbytes(tensor)); };
    std::vector<int32_t> flat(p.targets.size());
    for (size_t i = 0; i < flat.size(); i++) flat[i] = (int32_t) ((int64_t) (i % (size_t) headChunkRows()) * s.vocabulary + p.targets[i]);
    set(t.tokens, p.tokens.data());
    set(t.inputs.positions, p.positions.data());
    set(t.targets, p.targets.data());
    if (tempered) {
        std::vector<float> scales;
        for (int32_t position : p.positions) scales.push_back(model_.architecture().queryScale(position));
        set(t.inputs.queryScales, scales.data());
    }
    set(t.flatTargets, flat.data());
    ggml_backend_tensor_memset(t.inputs.keyPadding, 0, 0, ggml_nbytes(t.inputs.keyPadding));
    fillMasks();
}

size_t Trainer::layerNodes() const {
    return 512 + 128 * (tape_->packing.prefixBlocks.size() + tape_->packing.segmentBlocks.size());
}

// The node's result goes straight into storage that outlives its graph.
void Trainer::place(ggml_tensor * node, ggml_tensor * storage) {
    ggml_tensor * owner = node->view_src == nullptr ? node : node->view_src;
    if (ggml_backend_tensor_alloc(tapeBuffer_.get(), owner, storage->data) != GGML_STATUS_SUCCESS) throw outOfMemory("activations", ggml_nbytes(storage));
}

void Trainer::embed() {
    if (model_.gathersEmbeddings()) {
        const std::vector<float> rows = model_.embeddings(tape_->packing.tokens);
        ggml_backend_tensor_set(tape_->layerInputs[0], rows.data(), 0, rows.size() * sizeof(float));
        return;
    }
    runner_.begin(8);
    ggml_tensor * embedded = ggml_get_rows(runner_.context(), model_.tokenEmbedding, tape_->tokens);
    if (model_.architecture().embeddingScale != 1) embedded = ggml_scale(runner_.context(), embedded, model_.architecture().embeddingScale);
    place(embedded, tape_->layerInputs[0]);
    runner_.expand(embedded);
    runner_.allocate();
    runner_.compute();
}

void Trainer::forwardLayer(int64_t layer) {
    Tape & t = *tape_;
    runner_.begin(layerNodes());
    Activations a;
    a.input = t.layerInputs[layer];
    a.attended = t.keepActivations ? t.kept[layer].attended : t.attended;
    if (isLast(layer) && !t.keepActivations) {
        a.attended = ggml_view_2d(runner_.context(), t.attended, t.attended->ne[0], t.packing.segmentRows(), t.attended->nb[1], 0);
    }
    ggml_tensor * storage = t.keepActivations ? t.kept[layer].attended : t.attended;
    ggml_backend_tensor_memset(storage, 0, 0, ggml_nbytes(storage));
    LayerGraph graph(runner_, model_, t.inputs, layer, t.adapter);
    ggml_tensor * output = graph.forward(a);
    runner_.expand(output);
    place(output, t.layerInputs[layer + 1]);
    if (t.keepActivations) {
        Activations & kept = t.kept[layer];
        kept.input = a.input;
        for (const auto & [node, storage] : keptPairs(a, kept)) place(node, storage);
    }
    runner_.allocate();
    if (!runner_.onlyChecks()) model_.bringWeights(layer);
    runner_.compute();
}

int64_t Trainer::headChunkRows() const {
    const int64_t rows = (int64_t) (headChunkBytes / (2 * sizeof(float) * (size_t) model_.shape().vocabulary));
    return std::clamp(rows, smallestHeadChunk, largestHeadChunk);
}

// Logits of response rows, their softmax, and the slope 1 − tanh² of a soft cap where there is one.
Trainer::HeadChunk Trainer::headChunk(ggml_context * c, int64_t start, int64_t rows) {
    const Architecture & a = model_.architecture();
    ggml_tensor * last = tape_->layerInputs.back();
    ggml_tensor * hidden = ggml_view_2d(c, last, last->ne[0], rows, last->nb[1], start * last->nb[1]);
    ggml_tensor * normed = ggml_mul(c, ggml_rms_norm(c, hidden, model_.shape().epsilon), model_.outputNorm);
    const Kernels * kernels = device_.kernels(model_.head.weight);
    ggml_tensor * logits = kernels == nullptr ? device_.multiply(c, model_.head.weight, normed)
                                              : sumOfProducts(runner_, *kernels, {{model_.head.weight, false, productRows(runner_, *kernels, normed)}});
    if (model_.head.bias != nullptr) logits = ggml_add(c, logits, model_.head.bias);
    if (a.logitScale != 1) logits = ggml_scale(c, logits, a.logitScale);
    if (a.logitSoftcap == 0) return {logits, ggml_soft_max(c, logits), nullptr};
    ggml_tensor * tanh = ggml_tanh(c, ggml_scale(c, logits, 1.0f / a.logitSoftcap));
    logits = ggml_scale(c, tanh, a.logitSoftcap);
    return {logits, ggml_soft_max(c, logits), ggml_scale_bias(c, ggml_sqr(c, tanh), -1.0f, 1.0f)};
}

// Per chunk of rows: p = softmax(W·h); logp = log p[target]; dlogp/dh = W[target] − Wᵀ·p. The loss is not needed yet, so
// the frozen head is passed once and full logits of all rows never exist (trainer.md, "the seam").
void Trainer::forwardHead() {
    Tape & t = *tape_;
    const Shape & s = model_.shape();
    const int64_t total = t.packing.segmentRows();
    for (int64_t start = 0; start < total; start += headChunkRows()) {
        if (cancelled_()) throw Failure("cancelled", "The work was stopped.", "", "Resume it when you like; what was finished is kept.");
        const int64_t n = std::min(headChunkRows(), total - start);
        runner_.begin(64);
        ggml_context * c = runner_.context();
        HeadChunk chunk = headChunk(c, start, n);
        const auto chosen = [&](ggml_tensor * x) { return ofTargets(c, x, start, n); };
        ggml_tensor * logp = ggml_log(c, ggml_reshape_1d(c, chosen(chunk.probabilities), n));
        runner_.expand(ggml_cpy(c, logp, ggml_view_1d(c, t.logps, n, start * sizeof(float))));
        if (t.keep) {
            ggml_tensor * own = ggml_get_rows(c, model_.head.weight, ggml_view_1d(c, t.targets, n, start * sizeof(int32_t)));
            ggml_tensor * others = chunk.probabilities;
            if (chunk.slope != nullptr) {
                own = ggml_mul(c, own, ggml_reshape_2d(c, chosen(chunk.slope), 1, n));
                others = ggml_mul(c, others, chunk.slope);
            }
            const Kernels * kernels = device_.kernels(model_.head.weight);
            ggml_tensor * expected = kernels == nullptr ? device_.multiply(c, model_.head.transposed, others)
                                                        : sumOfProducts(runner_, *kernels, {{model_.head.weight, true, productRows(runner_, *kernels, others)}});
            ggml_tensor * g = ggml_sub(c, own, expected);
            if (model_.architecture().logitScale != 1) g = ggml_scale(c, g, model_.architecture().logitScale);
            ggml_tensor * storage = t.headGradients;
            runner_.expand(ggml_cpy(c, g, ggml_view_2d(c, storage, s.embedding, n, storage->nb[1], start * storage->nb[1])));
        }
        runner_.allocate();
        runner_.compute();
        if (runner_.onlyChecks() || holdsDoubtfulLogps(start, n)) computeDistantLogps(start, n);
    }
}

// What [vocabulary, rows] holds at every row's target, [1, rows].
ggml_tensor * Trainer::ofTargets(ggml_context * c, ggml_tensor * x, int64_t start, int64_t rows) {
    return ggml_get_rows(c, ggml_reshape_2d(c, x, 1, x->ne[0] * rows), ggml_view_1d(c, tape_->flatTargets, rows, start * sizeof(int32_t)));
}

bool Trainer::holdsDoubtfulLogps(int64_t start, int64_t rows) const {
    std::vector<float> logps((size_t) rows);
    ggml_backend_tensor_get(tape_->logps, logps.data(), start * sizeof(float), logps.size() * sizeof(float));
    return std::any_of(logps.begin(), logps.end(), [](float logp) { return logp < doubtfulLogp; });
}

// log p[target] = z[target] − z[top] + log p[top], with top the likeliest token: no term of it underflows. Rare, and the
// top of every row is a pass of one thread over all logits, so that it is computed where it is needed only.
void Trainer::computeDistantLogps(int64_t start, int64_t rows) {
    runner_.begin(64);
    ggml_context * c = runner_.context();
    HeadChunk chunk = headChunk(c, start, rows);
    ggml_tensor * top = ggml_reshape_2d(c, ggml_argmax(c, chunk.logits), 1, rows);
    const auto ofTop = [&](ggml_tensor * x) {
        return ggml_reshape_2d(c, ggml_get_rows(c, ggml_reshape_3d(c, x, 1, x->ne[0], rows), top), 1, rows);
    };
    ggml_tensor * below = ggml_sub(c, ofTargets(c, chunk.logits, start, rows), ofTop(chunk.logits));
    ggml_tensor * logp = ggml_add(c, below, ggml_log(c, ofTop(chunk.probabilities)));
    runner_.expand(ggml_cpy(c, ggml_reshape_1d(c, logp, rows), ggml_view_1d(c, tape_->logps, rows, start * sizeof(float))));
    runner_.allocate();
    runner_.compute();
}

void Trainer::backward(const std::vector<std::vector<std::vector<float>>> & dLogp) {
    if (!tape_ || !tape_->keep) throw Failure("bad-input", "There is no forward to go back through.", "", "Call forward with `keep` first.");
    const Packing & p = tape_->packing;
    const auto refuse = [] { return Failure("bad-input", "dLogp does not have the shape that forward returned.", "", "Give one number per response token."); };
    std::vector<float> coefficients((size_t) p.segmentRows(), 0.0f);
    if (dLogp.size() != p.responses.size()) throw refuse();
    for (size_t i = 0; i < dLogp.size(); i++) {
        if (dLogp[i].size() != p.responses[i].size()) throw refuse();
        for (size_t j = 0; j < dLogp[i].size(); j++) {
            if ((int64_t) dLogp[i][j].size() != p.responses[i][j].count) throw refuse();
            std::copy(dLogp[i][j].begin(), dLogp[i][j].end(), coefficients.begin() + p.responses[i][j].start);
        }
    }
    const float scale = device_.isCpu() ? 1.0f : halfScale(coefficients);
    for (float & coefficient : coefficients) coefficient *= scale;
    ggml_backend_tensor_set(tape_->coefficients, coefficients.data(), 0, coefficients.size() * sizeof(float));
    if (scale != 1) trained().scaleGradients(runner_, scale);
    try {
        backwardLayers();
    } catch (...) {
        if (scale != 1) trained().scaleGradients(runner_, 1 / scale);
        throw;
    }
    if (scale != 1) trained().scaleGradients(runner_, 1 / scale);
}

void Trainer::backwardLayers() {
    backwardHead();
    const int64_t lowest = trained().lowestLayer();
    for (int64_t layer = model_.shape().layers - 1; layer >= lowest; layer--) backwardLayer(layer);
}

void Trainer::backwardHead() {
    Tape & t = *tape_;
    const Shape & s = model_.shape();
    runner_.begin(16);
    ggml_context * c = runner_.context();
    ggml_tensor * dNormed = ggml_mul(c, t.headGradients, t.coefficients);
    ggml_tensor * dHidden = rmsNormBack(device_, c, ggml_mul(c, dNormed, model_.outputNorm), t.layerInputs.back(), s.epsilon);
    place(dHidden, t.gradients[s.layers % 2]);
    runner_.expand(dHidden);
    runner_.allocate();
    runner_.compute();
}

void Trainer::backwardLayer(int64_t layer) {
    Tape & t = *tape_;
    runner_.begin(2 * layerNodes());
    ggml_context * c = runner_.context();
    const bool needInput = layer > trained().lowestLayer();
    LayerGraph graph(runner_, model_, t.inputs, layer, t.adapter);
    Activations a;
    if (t.keepActivations) {
        a = t.kept[layer];
    } else {
        ggml_backend_tensor_memset(t.attended, 0, 0, ggml_nbytes(t.attended));
        a.input = t.layerInputs[layer];
        a.attended = ggml_view_2d(c, t.attended, t.attended->ne[0], graph.queryRows(), t.attended->nb[1], 0);
        graph.forward(a);
    }
    for (ggml_tensor * scratch : t.inputs.attentionGradients) ggml_backend_tensor_memset(scratch, 0, 0, ggml_nbytes(scratch));
    ggml_tensor * above = t.gradients[(layer + 1) % 2];
    ggml_tensor * dOutput = ggml_view_2d(c, above, above->ne[0], graph.queryRows(), above->nb[1], 0);
    ggml_tensor * dInput = graph.backward(a, dOutput, needInput);
    if (dInput != nullptr) place(dInput, t.gradients[layer % 2]);
    runner_.allocate();
    if (!runner_.onlyChecks()) {
        if (!t.keepActivations) model_.bringWeights(layer);
        model_.bringTransposed(layer);
    }
    runner_.compute();
}

MemoryUse Trainer::memory() const {
    return {model_.weightBytes(), model_.transposedBytes(), trained_ ? trained_->bytes() : 0,
            tapeBuffer_ ? ggml_backend_buffer_get_size(tapeBuffer_.get()) : 0, runner_.arenaBytes()};
}
