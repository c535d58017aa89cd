// From the last block to log-probabilities and back, in chunks of response rows.
#include <algorithm>

#include "derivatives.h"
#include "failure.h"
#include "products.h"
#include "trainer.h"

namespace {
// One chunk of the head holds its probabilities [vocabulary, rows] at most twice in this many bytes.
constexpr size_t headChunkBytes = size_t(64) << 20;
constexpr int64_t smallestHeadChunk = 16, largestHeadChunk = 512;
// Below it a probability nears the smallest that F32 holds in normal form (log −87.3): it loses digits, then it is 0.
constexpr float doubtfulLogp = -80.0f;
}  // namespace

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
    const Kernels * kernels = model_.head.forwardKernels(device_);
    ggml_tensor * logits = kernels == nullptr ? device_.multiply(c, model_.head.forwardWeight(), normed)
                                              : sumOfProducts(runner_, {{*kernels, model_.head.weight, false, productRows(runner_, *kernels, normed)}});
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
            const LinearKernels * kernels = device_.kernels(model_.head.weight);
            ggml_tensor * expected = kernels == nullptr ? device_.multiply(c, model_.head.transposed, others)
                                                        : sumOfProducts(runner_, {{kernels->backward, model_.head.weight, true, productRows(runner_, kernels->backward, others)}});
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
