// Attention block by block: projections, norms of queries and keys, rotation, masked softmax, and all of it backward.
#include "derivatives.h"
#include "layer.h"

size_t LayerGraph::blocks() const {
    return inputs_.packing->segmentBlocks.size() + (segmentsOnly_ ? 0 : inputs_.packing->prefixBlocks.size());
}

const AttentionBlock & LayerGraph::block(size_t index) const {
    const Packing & p = *inputs_.packing;
    const size_t before = segmentsOnly_ ? 0 : p.prefixBlocks.size();
    return index < before ? p.prefixBlocks[index] : p.segmentBlocks[index - before];
}

ggml_tensor * LayerGraph::mask(size_t index) const {
    const MaskSet & masks = inputs_.masks.at(traits_.window);
    const size_t before = segmentsOnly_ ? 0 : masks.prefix.size();
    return index < before ? masks.prefix[index] : masks.segment[index - before];
}

ggml_tensor * LayerGraph::queryPositions() { return ggml_view_1d(c_, inputs_.positions, queryRows(), queryStart() * sizeof(int32_t)); }

ggml_tensor * LayerGraph::rotate(ggml_tensor * x, ggml_tensor * positions, bool back) {
    if (!traits_.rope) return x;
    const auto rope = back ? ggml_rope_ext_back : ggml_rope_ext;
    return rope(c_, x, positions, model_.ropeFactors, (int) shape_.ropeDimensions, architecture_.ropeMode, (int) architecture_.originalContext,
                traits_.ropeBase, traits_.ropeScale, traits_.ropeExtrapolation, traits_.ropeAttention, architecture_.betaFast, architecture_.betaSlow);
}

// Rotated queries from row `start` on times the factor of their positions; linear, so backward is the same.
ggml_tensor * LayerGraph::tempered(ggml_tensor * queries, int64_t start) {
    if (inputs_.queryScales == nullptr) return queries;
    return ggml_mul(c_, queries, rowsOf(inputs_.queryScales, start, queries->ne[2]));
}

// [heads·headSize, n] to normed [headSize, heads, n].
ggml_tensor * LayerGraph::heads(ggml_tensor * raw, ggml_tensor * weight, int64_t count) {
    const auto split = [&](ggml_tensor * x) { return ggml_reshape_3d(c_, x, shape_.headSize, count, x->ne[1]); };
    switch (architecture_.queryKeyNorm) {
        case QueryKeyNorm::perHead: return norm(split(raw), weight);
        case QueryKeyNorm::whole: return split(norm(raw, weight));
        case QueryKeyNorm::none: break;
    }
    return split(raw);
}

// The gradient of `heads`: [headSize, heads, n] to [heads·headSize, n].
ggml_tensor * LayerGraph::headsBack(ggml_tensor * dHeads, ggml_tensor * raw, ggml_tensor * weight) {
    const int64_t count = dHeads->ne[1], n = dHeads->ne[2];
    const auto joined = [&](ggml_tensor * x) { return ggml_reshape_2d(c_, x, shape_.headSize * count, n); };
    switch (architecture_.queryKeyNorm) {
        case QueryKeyNorm::perHead: return joined(normBack(dHeads, ggml_reshape_3d(c_, raw, shape_.headSize, count, n), weight));
        case QueryKeyNorm::whole: return normBack(joined(dHeads), raw, weight);
        case QueryKeyNorm::none: break;
    }
    return joined(dHeads);
}

void LayerGraph::project(Activations & a, ggml_tensor * normed) {
    const int64_t attention = shape_.heads * shape_.headSize, kv = shape_.kvHeads * shape_.headSize;
    if (layer_.fusedQueryKeyValue) {
        ggml_tensor * all = apply(layer_.fusedQueryKeyValue, normed);
        a.rawQuery = columnsOf(rowsOf(all, queryStart(), queryRows()), 0, attention);
        a.rawKey = columnsOf(all, attention, kv);
        a.v = columnsOf(all, attention + kv, kv);
    } else if (segmentsOnly_) {
        a.rawQuery = apply(layer_.query, rowsOf(normed, queryStart(), queryRows()));
        const std::vector<ggml_tensor *> both = apply({&layer_.key, &layer_.value}, normed);
        a.rawKey = both[0], a.v = both[1];
    } else {
        const std::vector<ggml_tensor *> all = apply({&layer_.query, &layer_.key, &layer_.value}, normed);
        a.rawQuery = all[0], a.rawKey = all[1], a.v = all[2];
    }
    a.q = runner_.expand(tempered(rotate(heads(a.rawQuery, layer_.queryNorm, shape_.heads), queryPositions(), false), queryStart()));
    a.k = runner_.expand(rotate(heads(a.rawKey, layer_.keyNorm, shape_.kvHeads), inputs_.positions, false));
    a.v = runner_.expand(ggml_reshape_3d(c_, a.v, shape_.headSize, shape_.kvHeads, inputs_.packing->rows));
}

// From the scratch gradients dq, dk, dv to the gradient of the normed input [embedding, rows].
ggml_tensor * LayerGraph::projectBack(const Activations & a, ggml_tensor * normed, bool needInput) {
    const int64_t rows = inputs_.packing->rows;
    const auto headed = [&](int which, int64_t count) { return ggml_reshape_3d(c_, inputs_.attentionGradients[which], shape_.headSize, count, rows); };
    ggml_tensor * dk = headsBack(rotate(headed(1, shape_.kvHeads), inputs_.positions, true), a.rawKey, layer_.keyNorm);
    if (layer_.fusedQueryKeyValue) {
        // Rows without a query have a zero gradient, so the whole of dq serves.
        ggml_tensor * dq = headsBack(rotate(tempered(headed(0, shape_.heads), 0), inputs_.positions, true), a.rawQuery, layer_.queryNorm);
        ggml_tensor * all = ggml_concat(c_, ggml_concat(c_, dq, dk, 0), inputs_.attentionGradients[2], 0);
        return applyBack(layer_.fusedQueryKeyValue, all, normed, needInput);
    }
    ggml_tensor * dqHeads = ggml_cont(c_, rowsOf(headed(0, shape_.heads), queryStart(), queryRows()));
    ggml_tensor * dq = headsBack(rotate(tempered(dqHeads, queryStart()), queryPositions(), true), a.rawQuery, layer_.queryNorm);
    ggml_tensor * dv = inputs_.attentionGradients[2];
    if (!segmentsOnly_) return applyBack({&layer_.query, &layer_.key, &layer_.value}, {dq, dk, dv}, normed, needInput);
    ggml_tensor * dNormed = applyBack({&layer_.key, &layer_.value}, {dk, dv}, normed, needInput);
    ggml_tensor * fromQuery = applyBack(layer_.query, dq, ggml_cont(c_, rowsOf(normed, queryStart(), queryRows())), needInput);
    if (!needInput) return nullptr;
    runner_.expand(dNormed);
    runner_.expand(fromQuery);
    runner_.expand(ggml_add_inplace(c_, rowsOf(dNormed, queryStart(), queryRows()), fromQuery));
    return dNormed;
}

// [headSize, queries·group, kvHeads]: the heads that share a key head stand behind one another, so that grouped
// queries are one plain batched product per key head.
ggml_tensor * LayerGraph::queriesOf(const AttentionBlock & block, ggml_tensor * q) {
    ggml_tensor * rows = rowsOf(q, block.queries.start - queryStart(), block.queries.count);
    return ggml_reshape_3d(c_, ggml_cont(c_, ggml_permute(c_, rows, 0, 2, 1, 3)), shape_.headSize, block.queries.count * (shape_.heads / shape_.kvHeads), shape_.kvHeads);
}

// [headSize, kvHeads, paddedKeys]
ggml_tensor * LayerGraph::keysOf(const AttentionBlock & block, ggml_tensor * kOrV) {
    ggml_tensor * joined = nullptr;
    int64_t count = 0;
    const auto part = [&](ggml_tensor * x, int64_t start, int64_t n) { return ggml_view_3d(c_, x, x->ne[0], x->ne[1], n, x->nb[1], x->nb[2], start * x->nb[2]); };
    for (const Range & range : block.keys) {
        joined = joined == nullptr ? part(kOrV, range.start, range.count) : ggml_concat(c_, joined, part(kOrV, range.start, range.count), 2);
        count += range.count;
    }
    return count == block.paddedKeys ? joined : ggml_concat(c_, joined, part(inputs_.keyPadding, 0, block.paddedKeys - count), 2);
}

// cap·tanh(scale·s / cap), as Gemma 2 has it before the mask; the softmax then has no scale of its own.
ggml_tensor * LayerGraph::cappedScores(ggml_tensor * scores) {
    const float cap = architecture_.attentionSoftcap;
    return ggml_scale(c_, ggml_tanh(c_, ggml_scale(c_, scores, architecture_.attentionScale / cap)), cap);
}

// [headSize, keys, kvHeads]
ggml_tensor * LayerGraph::headed(ggml_tensor * keysOrValues) { return ggml_permute(c_, keysOrValues, 0, 2, 1, 3); }

void LayerGraph::attend(size_t index, Activations & a) {
    const AttentionBlock & b = block(index);
    const int64_t n = b.queries.count;
    ggml_tensor * scores = ggml_reshape_3d(c_, product(forwardKernels_, headed(keysOf(b, a.k)), queriesOf(b, a.q)), b.paddedKeys, n, shape_.heads);
    const bool capped = architecture_.attentionSoftcap > 0;
    ggml_tensor * p = ggml_soft_max_ext(c_, capped ? cappedScores(scores) : scores, mask(index), capped ? 1.0f : architecture_.attentionScale, 0.0f);
    a.probabilities.push_back(p);
    ggml_tensor * grouped = ggml_reshape_3d(c_, p, b.paddedKeys, n * (shape_.heads / shape_.kvHeads), shape_.kvHeads);
    ggml_tensor * out = ggml_reshape_3d(c_, turnedProduct(forwardKernels_, headed(keysOf(b, a.v)), grouped), shape_.headSize, n, shape_.heads);
    ggml_tensor * attended = ggml_reshape_3d(c_, a.attended, shape_.headSize, shape_.heads, queryRows());
    runner_.expand(ggml_cpy(c_, ggml_permute(c_, out, 0, 2, 1, 3), rowsOf(attended, b.queries.start - queryStart(), n)));
}

// dS = P ⊙ (dP − Σ dP⊙P)·scale; through the cap, dS·(1 − tanh²).
ggml_tensor * LayerGraph::scoresBack(size_t index, const Activations & a, ggml_tensor * dProbabilities) {
    const AttentionBlock & b = block(index);
    ggml_tensor * p = ggml_reshape_3d(c_, a.probabilities[index], dProbabilities->ne[0], dProbabilities->ne[1], dProbabilities->ne[2]);
    const float cap = architecture_.attentionSoftcap;
    if (cap == 0) return softMaxBack(runner_.device(), c_, dProbabilities, p, architecture_.attentionScale);
    ggml_tensor * scores = product(forwardKernels_, headed(keysOf(b, a.k)), queriesOf(b, a.q));
    ggml_tensor * tanh = ggml_tanh(c_, ggml_scale(c_, scores, architecture_.attentionScale / cap));
    ggml_tensor * slope = ggml_scale_bias(c_, ggml_sqr(c_, tanh), -architecture_.attentionScale, architecture_.attentionScale);
    return ggml_mul(c_, softMaxBack(runner_.device(), c_, dProbabilities, p, 1.0f), slope);
}

// dQ = dS·K, dK = dSᵀ·Q, dV = Pᵀ·dO, the last two summed over the query heads of a group.
void LayerGraph::attendBack(size_t index, const Activations & a, ggml_tensor * dAttended) {
    const AttentionBlock & b = block(index);
    const int64_t n = b.queries.count, rows = inputs_.packing->rows;
    ggml_tensor * dOut = queriesOf(b, ggml_reshape_3d(c_, dAttended, shape_.headSize, shape_.heads, queryRows()));
    ggml_tensor * dScores = scoresBack(index, a, product(backwardKernels_, headed(keysOf(b, a.v)), dOut));  // [keys, n·group, kvHeads]
    ggml_tensor * dq = ggml_reshape_3d(c_, turnedProduct(backwardKernels_, headed(keysOf(b, a.k)), dScores), shape_.headSize, n, shape_.heads);
    ggml_tensor * dqRows = ggml_reshape_3d(c_, inputs_.attentionGradients[0], shape_.headSize, shape_.heads, rows);
    runner_.expand(ggml_cpy(c_, ggml_permute(c_, dq, 0, 2, 1, 3), rowsOf(dqRows, b.queries.start, n)));

    ggml_tensor * p = ggml_reshape_3d(c_, a.probabilities[index], dScores->ne[0], dScores->ne[1], dScores->ne[2]);
    ggml_tensor * dk = productOverRows(backwardKernels_, queriesOf(b, a.q), dScores);                       // [headSize, keys, kvHeads]
    ggml_tensor * dv = productOverRows(backwardKernels_, dOut, p);
    for (int which = 1; which <= 2; which++) {
        ggml_tensor * part = which == 1 ? dk : dv;
        ggml_tensor * target = inputs_.attentionGradients[which];
        int64_t from = 0;
        for (const Range & range : b.keys) {
            const size_t row = target->nb[1], head = shape_.headSize * sizeof(float);
            ggml_tensor * sum = ggml_view_3d(c_, target, shape_.headSize, shape_.kvHeads, range.count, head, row, range.start * row);
            ggml_tensor * slice = ggml_view_3d(c_, part, shape_.headSize, range.count, shape_.kvHeads, part->nb[1], part->nb[2], from * part->nb[1]);
            runner_.expand(ggml_add_inplace(c_, sum, ggml_permute(c_, slice, 0, 2, 1, 3)));
            from += range.count;
        }
    }
}
