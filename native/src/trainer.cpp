#include "trainer.h"

#include <algorithm>
#include <cmath>

#include "failure.h"

namespace {
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
    model_.chooseForward(options.forward);
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

Logps Trainer::forward(const std::vector<TokenRow> & rows, bool useAdapter, bool keep) {
    checkRows(rows);
    if (useAdapter || keep) trained();
    if (keep) model_.prepareBackward();
    prepareTape(rows, useAdapter, keep);
    embed();
    for (int64_t layer = 0; layer < model_.shape().layers; layer++) forwardLayer(layer);
    forwardHead();

    std::vector<float> logps((size_t) tape_->packing.segmentRows());
    ggml_backend_tensor_get(tape_->logps, logps.data(), 0, logps.size() * sizeof(float));
    Logps result;
    for (const auto & responses : tape_->packing.responses) {
        result.emplace_back();
        for (const Range & range : responses) result.back().emplace_back(logps.begin() + range.start, logps.begin() + range.end());
    }
    if (!keep) tape_.reset();
    return result;
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
    a.attended = t.keeps(layer) ? t.kept[layer].attended : t.attended;
    if (isLast(layer) && !t.keeps(layer)) {
        a.attended = ggml_view_2d(runner_.context(), t.attended, t.attended->ne[0], t.packing.segmentRows(), t.attended->nb[1], 0);
    }
    ggml_tensor * storage = t.keeps(layer) ? t.kept[layer].attended : t.attended;
    ggml_backend_tensor_memset(storage, 0, 0, ggml_nbytes(storage));
    LayerGraph graph(runner_, model_, t.inputs, layer, t.adapter);
    ggml_tensor * output = graph.forward(a);
    runner_.expand(output);
    place(output, t.layerInputs[layer + 1]);
    if (t.keeps(layer)) {
        Activations & kept = t.kept[layer];
        kept.input = a.input;
        for (const auto & [node, storage] : keptPairs(a, kept)) place(node, storage);
    }
    runner_.allocate();
    if (!runner_.onlyChecks()) model_.bringWeights(layer);
    runner_.compute();
}

void Trainer::backward(const Logps & dLogp) {
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
    return {model_.weightBytes(), model_.copiedBytes(), trained_ ? trained_->bytes() : 0,
            tapeBuffer_ ? ggml_backend_buffer_get_size(tapeBuffer_.get()) : 0, runner_.arenaBytes()};
}
