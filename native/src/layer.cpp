#include "layer.h"

#include "adapter.h"

LayerGraph::LayerGraph(GraphRunner & runner, const Model & model, const PassInputs & inputs, const Layer & layer, bool segmentsOnly, bool adapter)
    : runner_(runner), c_(runner.context()), model_(model), inputs_(inputs), layer_(layer), segmentsOnly_(segmentsOnly), adapter_(adapter) {}

namespace {
// Rows [start, start + count) of a tensor whose last dimension is the row.
ggml_tensor * rowsOf(ggml_context * c, ggml_tensor * x, int64_t start, int64_t count) {
    if (x->ne[2] == 1 && x->nb[2] == x->nb[1] * x->ne[1]) return ggml_view_2d(c, x, x->ne[0], count, x->nb[1], start * x->nb[1]);
    return ggml_view_3d(c, x, x->ne[0], x->ne[1], count, x->nb[1], x->nb[2], start * x->nb[2]);
}
}  // namespace

const AttentionBlock & LayerGraph::block(size_t index) const {
    const Packing & p = *inputs_.packing;
    const size_t before = segmentsOnly_ ? 0 : p.prefixBlocks.size();
    return index < before ? p.prefixBlocks[index] : p.segmentBlocks[index - before];
}

ggml_tensor * LayerGraph::mask(size_t index) const {
    const size_t before = segmentsOnly_ ? 0 : inputs_.prefixMasks.size();
    return index < before ? inputs_.prefixMasks[index] : inputs_.segmentMasks[index - before];
}

ggml_tensor * LayerGraph::norm(ggml_tensor * x, ggml_tensor * weight) {
    return ggml_mul(c_, ggml_rms_norm(c_, x, model_.shape().epsilon), weight);
}

ggml_tensor * LayerGraph::normBack(ggml_tensor * dy, ggml_tensor * x, ggml_tensor * weight) {
    return ggml_rms_norm_back(c_, ggml_mul(c_, dy, weight), x, model_.shape().epsilon);
}

ggml_tensor * LayerGraph::transposed(ggml_tensor * x) {
    if (lastTransposedOf_ != x) {
        lastTransposedOf_ = x;
        lastTransposed_ = ggml_cont(c_, ggml_transpose(c_, x));
    }
    return lastTransposed_;
}

void LayerGraph::accumulate(ggml_tensor * gradient, ggml_tensor * part) { runner_.expand(ggml_add_inplace(c_, gradient, part)); }

ggml_tensor * LayerGraph::apply(const Linear & linear, ggml_tensor * x) {
    ggml_tensor * y = ggml_mul_mat(c_, linear.weight, x);
    if (adapter_ && linear.lora != nullptr) {
        ggml_tensor * h = ggml_scale(c_, ggml_mul_mat(c_, linear.lora->a, x), linear.lora->scale);
        y = ggml_add(c_, y, ggml_mul_mat(c_, linear.lora->b, h));
    }
    return linear.bias == nullptr ? y : ggml_add(c_, y, linear.bias);
}

// dX = Wᵀ·dY + Aᵀ·dh with dh = scale·Bᵀ·dY; dA = x·dhᵀ, dB = scale·h·dYᵀ with h = A·x computed again.
ggml_tensor * LayerGraph::applyBack(const Linear & linear, ggml_tensor * dy, ggml_tensor * x, bool needInput) {
    ggml_tensor * dx = needInput ? ggml_mul_mat(c_, linear.transposed, dy) : nullptr;
    if (!adapter_ || linear.lora == nullptr) return dx;
    const LoraPair & lora = *linear.lora;
    ggml_tensor * h = ggml_scale(c_, ggml_mul_mat(c_, lora.a, x), lora.scale);
    ggml_tensor * dh = ggml_scale(c_, ggml_mul_mat(c_, ggml_cont(c_, ggml_transpose(c_, lora.b)), dy), lora.scale);
    accumulate(lora.gradB, ggml_mul_mat(c_, ggml_cont(c_, ggml_transpose(c_, h)), ggml_cont(c_, ggml_transpose(c_, dy))));
    accumulate(lora.gradA, ggml_mul_mat(c_, transposed(x), ggml_cont(c_, ggml_transpose(c_, dh))));
    if (!needInput) return nullptr;
    return ggml_add(c_, dx, ggml_mul_mat(c_, ggml_cont(c_, ggml_transpose(c_, lora.a)), dh));
}

ggml_tensor * LayerGraph::queryPositions() {
    return ggml_view_1d(c_, inputs_.positions, queryRows(), queryStart() * sizeof(int32_t));
}

ggml_tensor * LayerGraph::rotate(ggml_tensor * x, ggml_tensor * positions, bool back) {
    const Shape & s = model_.shape();
    const auto rope = back ? ggml_rope_ext_back : ggml_rope_ext;
    return rope(c_, x, positions, model_.ropeFactors, (int) s.ropeDimensions, model_.architecture().ropeMode, (int) s.context, s.ropeBase, s.ropeScale,
                0.0f, 1.0f, 32.0f, 1.0f);
}

// [headSize, queries·group, kvHeads]: the heads that share a key head stand behind one another, so that grouped
// queries are one plain batched product per key head.
ggml_tensor * LayerGraph::queriesOf(const AttentionBlock & block, ggml_tensor * q) {
    const Shape & s = model_.shape();
    ggml_tensor * rows = rowsOf(c_, q, block.queries.start - queryStart(), block.queries.count);
    return ggml_reshape_3d(c_, ggml_cont(c_, ggml_permute(c_, rows, 0, 2, 1, 3)), s.headSize, block.queries.count * (s.heads / s.kvHeads), s.kvHeads);
}

// [headSize, kvHeads, paddedKeys]
ggml_tensor * LayerGraph::keysOf(const AttentionBlock & block, ggml_tensor * kOrV) {
    ggml_tensor * joined = nullptr;
    int64_t count = 0;
    for (const Range & range : block.keys) {
        ggml_tensor * part = rowsOf(c_, kOrV, range.start, range.count);
        joined = joined == nullptr ? part : ggml_concat(c_, joined, part, 2);
        count += range.count;
    }
    if (count == block.paddedKeys) return joined;
    return ggml_concat(c_, joined, rowsOf(c_, inputs_.keyPadding, 0, block.paddedKeys - count), 2);
}

void LayerGraph::attend(size_t index, Activations & a) {
    const Shape & s = model_.shape();
    const AttentionBlock & b = block(index);
    const int64_t n = b.queries.count;
    ggml_tensor * keys = ggml_cont(c_, ggml_permute(c_, keysOf(b, a.k), 0, 2, 1, 3));      // [headSize, keys, kvHeads]
    ggml_tensor * values = ggml_cont(c_, ggml_permute(c_, keysOf(b, a.v), 1, 2, 0, 3));    // [keys, headSize, kvHeads]
    ggml_tensor * scores = ggml_reshape_3d(c_, ggml_mul_mat(c_, keys, queriesOf(b, a.q)), b.paddedKeys, n, s.heads);
    ggml_tensor * p = ggml_soft_max_ext(c_, scores, mask(index), s.attentionScale, 0.0f);
    a.probabilities.push_back(p);
    ggml_tensor * grouped = ggml_reshape_3d(c_, p, b.paddedKeys, n * (s.heads / s.kvHeads), s.kvHeads);
    ggml_tensor * out = ggml_reshape_3d(c_, ggml_mul_mat(c_, values, grouped), s.headSize, n, s.heads);
    ggml_tensor * target = rowsOf(c_, ggml_reshape_3d(c_, a.attended, s.headSize, s.heads, queryRows()), b.queries.start - queryStart(), n);
    runner_.expand(ggml_cpy(c_, ggml_permute(c_, out, 0, 2, 1, 3), target));
}

ggml_tensor * LayerGraph::forward(Activations & a) {
    const Shape & s = model_.shape();
    const int64_t rows = inputs_.packing->rows;
    ggml_tensor * normed = norm(a.input, layer_.attentionNorm);
    ggml_tensor * queries = rowsOf(c_, normed, queryStart(), queryRows());
    a.q = rotate(ggml_reshape_3d(c_, apply(layer_.query, queries), s.headSize, s.heads, queryRows()), queryPositions(), false);
    a.k = rotate(ggml_reshape_3d(c_, apply(layer_.key, normed), s.headSize, s.kvHeads, rows), inputs_.positions, false);
    a.v = apply(layer_.value, normed);
    runner_.expand(a.q);
    runner_.expand(a.k);
    runner_.expand(a.v);
    a.v = ggml_reshape_3d(c_, a.v, s.headSize, s.kvHeads, rows);
    a.probabilities.clear();
    for (size_t i = 0; i < blocks(); i++) attend(i, a);

    ggml_tensor * residual = rowsOf(c_, a.input, queryStart(), queryRows());
    a.middle = ggml_add(c_, apply(layer_.output, a.attended), residual);
    ggml_tensor * normedMiddle = norm(a.middle, layer_.feedForwardNorm);
    a.gate = apply(layer_.gate, normedMiddle);
    a.up = apply(layer_.up, normedMiddle);
    ggml_tensor * output = ggml_add(c_, apply(layer_.down, ggml_swiglu_split(c_, a.gate, a.up)), a.middle);
    return output;
}

// dS = P ⊙ (dP − Σ dP⊙P)·scale; dQ = dS·K, dK = dSᵀ·Q, dV = Pᵀ·dO, the last two summed over the query heads of a group.
void LayerGraph::attendBack(size_t index, const Activations & a, ggml_tensor * dAttended) {
    const Shape & s = model_.shape();
    const AttentionBlock & b = block(index);
    const int64_t n = b.queries.count, group = s.heads / s.kvHeads;
    ggml_tensor * p = ggml_reshape_3d(c_, a.probabilities[index], b.paddedKeys, n * group, s.kvHeads);
    ggml_tensor * dOut = queriesOf(b, ggml_reshape_3d(c_, dAttended, s.headSize, s.heads, queryRows()));
    ggml_tensor * values = ggml_cont(c_, ggml_permute(c_, keysOf(b, a.v), 0, 2, 1, 3));        // [headSize, keys, kvHeads]
    ggml_tensor * dP = ggml_mul_mat(c_, values, dOut);                                         // [keys, n·group, kvHeads]
    ggml_tensor * dScores = ggml_soft_max_ext_back(c_, dP, p, s.attentionScale, 0.0f);
    const auto turned = [&](ggml_tensor * x) { return ggml_cont(c_, ggml_transpose(c_, x)); };

    ggml_tensor * keysTransposed = ggml_cont(c_, ggml_permute(c_, keysOf(b, a.k), 1, 2, 0, 3));  // [keys, headSize, kvHeads]
    ggml_tensor * dq = ggml_reshape_3d(c_, ggml_mul_mat(c_, keysTransposed, dScores), s.headSize, n, s.heads);
    ggml_tensor * dqRows = ggml_reshape_3d(c_, inputs_.attentionGradients[0], s.headSize, s.heads, inputs_.packing->rows);
    runner_.expand(ggml_cpy(c_, ggml_permute(c_, dq, 0, 2, 1, 3), rowsOf(c_, dqRows, b.queries.start, n)));

    ggml_tensor * dk = ggml_mul_mat(c_, turned(queriesOf(b, a.q)), turned(dScores));             // [headSize, keys, kvHeads]
    ggml_tensor * dv = ggml_mul_mat(c_, turned(dOut), turned(p));
    for (int which = 1; which <= 2; which++) {
        ggml_tensor * part = which == 1 ? dk : dv;
        ggml_tensor * target = ggml_reshape_3d(c_, inputs_.attentionGradients[which], s.headSize, s.kvHeads, inputs_.packing->rows);
        int64_t from = 0;
        for (const Range & range : b.keys) {
            ggml_tensor * slice = ggml_view_3d(c_, part, s.headSize, range.count, s.kvHeads, part->nb[1], part->nb[2], from * part->nb[1]);
            runner_.expand(ggml_add_inplace(c_, rowsOf(c_, target, range.start, range.count), ggml_permute(c_, slice, 0, 2, 1, 3)));
            from += range.count;
        }
    }
}

ggml_tensor * LayerGraph::backward(const Activations & a, ggml_tensor * dOutput, bool needInput) {
    const Shape & s = model_.shape();
    const int64_t rows = inputs_.packing->rows;

    // feed-forward: out = middle + Wdown·(silu(gate) ⊙ up)
    ggml_tensor * normedMiddle = norm(a.middle, layer_.feedForwardNorm);
    ggml_tensor * dHidden = applyBack(layer_.down, dOutput, ggml_swiglu_split(c_, a.gate, a.up), true);
    ggml_tensor * dUp = ggml_mul(c_, dHidden, ggml_silu(c_, a.gate));
    ggml_tensor * dGate = ggml_silu_back(c_, ggml_mul(c_, dHidden, a.up), a.gate);
    ggml_tensor * dNormed = ggml_add(c_, applyBack(layer_.gate, dGate, normedMiddle, true), applyBack(layer_.up, dUp, normedMiddle, true));
    ggml_tensor * dMiddle = ggml_add(c_, dOutput, normBack(dNormed, a.middle, layer_.feedForwardNorm));

    // attention: middle = input + Wo·attended
    ggml_tensor * dAttended = applyBack(layer_.output, dMiddle, a.attended, true);
    runner_.expand(dMiddle);
    runner_.expand(dAttended);
    for (size_t i = 0; i < blocks(); i++) attendBack(i, a, dAttended);

    ggml_tensor * normed = norm(a.input, layer_.attentionNorm);
    ggml_tensor * queries = segmentsOnly_ ? ggml_cont(c_, rowsOf(c_, normed, queryStart(), queryRows())) : normed;
    const auto headed = [&](int which, int64_t heads) { return ggml_reshape_3d(c_, inputs_.attentionGradients[which], s.headSize, heads, rows); };
    ggml_tensor * dq = rotate(ggml_cont(c_, rowsOf(c_, headed(0, s.heads), queryStart(), queryRows())), queryPositions(), true);
    ggml_tensor * dk = rotate(headed(1, s.kvHeads), inputs_.positions, true);
    dq = ggml_reshape_2d(c_, dq, s.heads * s.headSize, queryRows());
    dk = ggml_reshape_2d(c_, dk, s.kvHeads * s.headSize, rows);
    ggml_tensor * fromQuery = applyBack(layer_.query, dq, queries, needInput);
    ggml_tensor * fromKey = applyBack(layer_.key, dk, normed, needInput);
    ggml_tensor * fromValue = applyBack(layer_.value, inputs_.attentionGradients[2], normed, needInput);
    if (!needInput) return nullptr;

    ggml_tensor * dNormedInput = ggml_add(c_, fromKey, fromValue);
    runner_.expand(dNormedInput);
    runner_.expand(fromQuery);
    runner_.expand(ggml_add_inplace(c_, rowsOf(c_, dNormedInput, queryStart(), queryRows()), fromQuery));
    ggml_tensor * dInput = normBack(dNormedInput, a.input, layer_.attentionNorm);
    runner_.expand(dInput);
    runner_.expand(ggml_add_inplace(c_, rowsOf(c_, dInput, queryStart(), queryRows()), dMiddle));
    return dInput;
}
