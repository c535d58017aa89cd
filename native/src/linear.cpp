// Linears with their adapters, norms, and the views that rows and columns of a matrix need.
#include "adapter.h"
#include "derivatives.h"
#include "layer.h"
#include "products.h"

// Rows [start, start + count) of a tensor whose last dimension is the row.
ggml_tensor * LayerGraph::rowsOf(ggml_tensor * x, int64_t start, int64_t count) {
    if (x->ne[2] == 1) return ggml_view_2d(c_, x, x->ne[0], count, x->nb[1], start * x->nb[1]);
    return ggml_view_3d(c_, x, x->ne[0], x->ne[1], count, x->nb[1], x->nb[2], start * x->nb[2]);
}

// Columns of a matrix, copied: the parts of a fused projection.
ggml_tensor * LayerGraph::columnsOf(ggml_tensor * x, int64_t start, int64_t count) {
    return ggml_cont(c_, ggml_view_2d(c_, x, count, x->ne[1], x->nb[1], start * sizeof(float)));
}

ggml_tensor * LayerGraph::norm(ggml_tensor * x, ggml_tensor * weight) { return ggml_mul(c_, ggml_rms_norm(c_, x, shape_.epsilon), weight); }

ggml_tensor * LayerGraph::normBack(ggml_tensor * dy, ggml_tensor * x, ggml_tensor * weight) {
    return rmsNormBack(runner_.device(), c_, ggml_mul(c_, dy, weight), x, shape_.epsilon);
}

ggml_tensor * LayerGraph::multiply(ggml_tensor * a, ggml_tensor * b) { return runner_.device().multiply(c_, a, b); }

ggml_tensor * LayerGraph::turned(ggml_tensor * x) { return ggml_cont(c_, ggml_transpose(c_, x)); }

ggml_tensor * LayerGraph::rowsFor(const Kernels & kernels, ggml_tensor * x) {
    ggml_tensor *& rows = productRows_[{&kernels, x}];
    if (rows == nullptr) rows = productRows(runner_, kernels, x);
    return rows;
}

// matrix·x, batch by batch; the matrix may be a view.
ggml_tensor * LayerGraph::product(const Kernels * kernels, ggml_tensor * matrix, ggml_tensor * x) {
    if (kernels == nullptr) return multiply(ggml_is_contiguous(matrix) ? matrix : ggml_cont(c_, matrix), x);
    return sumOfProducts(runner_, {{*kernels, matrix, false, rowsFor(*kernels, x)}});
}

// matrixᵀ·x
ggml_tensor * LayerGraph::turnedProduct(const Kernels * kernels, ggml_tensor * matrix, ggml_tensor * x) {
    if (kernels == nullptr) return multiply(turned(matrix), x);
    return sumOfProducts(runner_, {{*kernels, matrix, true, rowsFor(*kernels, x)}});
}

// Σ over rows of x·yᵀ: [columns of x, columns of y].
ggml_tensor * LayerGraph::productOverRows(const Kernels * kernels, ggml_tensor * x, ggml_tensor * y) {
    if (kernels == nullptr) return multiply(turned(x), turned(y));
    return sumOfProducts(runner_, {{*kernels, x, true, productColumns(runner_, *kernels, y)}});
}

ggml_tensor * LayerGraph::turnedOnce(ggml_tensor * x) {
    if (lastTurned_ != x) lastTurned_ = x, lastTurnedResult_ = turned(x);
    return lastTurnedResult_;
}

LayerGraph::LoraRows LayerGraph::loraOf(const std::vector<const Linear *> & linears) {
    LoraRows lora;
    int64_t ranks = 0;
    for (const Linear * linear : linears) {
        if (!adapter_ || linear->lora == nullptr) continue;
        lora.pairs.push_back(linear->lora);
        ranks += linear->lora->rank();
    }
    if (lora.pairs.empty()) return lora;
    const LoraGroup & group = *lora.pairs.front()->group;
    const int64_t first = lora.pairs.front()->row;
    const auto part = [&](ggml_tensor * x) { return ggml_view_2d(c_, x, x->ne[0], ranks, x->nb[1], first * x->nb[1]); };
    lora.a = part(group.a);
    lora.gradA = part(group.gradA);
    lora.scales = ggml_view_1d(c_, group.scales, ranks, (group.firstScale + first) * sizeof(float));
    return lora;
}

// h = scale·A·x of all pairs: [ranks, rows]
ggml_tensor * LayerGraph::reduced(const Kernels * kernels, const LoraRows & lora, ggml_tensor * x) { return ggml_mul(c_, product(kernels, lora.a, x), lora.scales); }

// What of h belongs to one pair: [rank, rows]
ggml_tensor * LayerGraph::columnsOf(ggml_tensor * h, const LoraRows & lora, const LoraPair & pair) {
    if (lora.pairs.size() == 1) return h;
    return ggml_view_2d(c_, h, pair.rank(), h->ne[1], h->nb[1], (pair.row - lora.pairs.front()->row) * sizeof(float));
}

// W·x and B·h in one sum, so that a small rank costs no pass over the result. The adapter is F32, and so are its products.
std::vector<ggml_tensor *> LayerGraph::apply(const std::vector<const Linear *> & linears, ggml_tensor * x) {
    const bool own = runner_.device().kernels(linears.front()->weight) != nullptr;
    const LoraRows lora = loraOf(linears);
    ggml_tensor * h = lora.pairs.empty() ? nullptr : reduced(own ? &floatKernels() : nullptr, lora, x);
    std::vector<ggml_tensor *> ys;
    for (const Linear * linear : linears) {
        const LoraPair * pair = h == nullptr ? nullptr : linear->lora;
        ggml_tensor * y;
        if (const Kernels * kernels = linear->forwardKernels(runner_.device())) {
            std::vector<ProductTerm> terms{{*kernels, linear->weight, false, rowsFor(*kernels, x)}};
            if (pair != nullptr) terms.push_back({floatKernels(), pair->b, false, columnsOf(h, lora, *pair)});
            y = sumOfProducts(runner_, terms);
        } else {
            y = multiply(linear->forwardWeight(), x);
            if (pair != nullptr && own) y = addProduct(runner_, y, {floatKernels(), pair->b, false, columnsOf(h, lora, *pair)});
            else if (pair != nullptr) y = ggml_add(c_, y, multiply(pair->b, ggml_cont(c_, columnsOf(h, lora, *pair))));
        }
        ys.push_back(linear->bias == nullptr ? y : ggml_add(c_, y, linear->bias));
    }
    return ys;
}

// dW += x·dYᵀ, where the weight itself is trained.
void LayerGraph::baseBack(const Kernels * kernels, const Linear & linear, ggml_tensor * dy, ggml_tensor * x) {
    if (linear.gradient == nullptr) return;
    if (kernels != nullptr) runner_.expand(addProduct(runner_, linear.gradient, {*kernels, x, true, productColumns(runner_, *kernels, dy)}));
    else runner_.expand(ggml_add_inplace(c_, linear.gradient, multiply(turnedOnce(x), turned(dy))));
}

// dB = h·dYᵀ with h computed again, and dA = x·dhᵀ; the result is dh = scale·Bᵀ·dY of all pairs, [ranks, rows]. Our own
// kernels read x and dY as they lie, so that nothing large is turned.
ggml_tensor * LayerGraph::loraBack(const Kernels * kernels, const LoraRows & lora, const std::vector<ggml_tensor *> & dys, ggml_tensor * x) {
    ggml_tensor * h = reduced(kernels, lora, x), * dh = nullptr;
    for (size_t i = 0; i < lora.pairs.size(); i++) {
        const LoraPair & pair = *lora.pairs[i];
        ggml_tensor * own = columnsOf(h, lora, pair);
        ggml_tensor * dB = kernels == nullptr ? multiply(turned(own), turned(dys[i])) : turned(productOverRows(kernels, dys[i], own));
        runner_.expand(ggml_add_inplace(c_, pair.gradB, dB));
        ggml_tensor * part = turnedProduct(kernels, pair.b, dys[i]);
        dh = dh == nullptr ? part : ggml_concat(c_, dh, part, 0);
    }
    dh = ggml_mul(c_, dh, lora.scales);
    if (kernels != nullptr) runner_.expand(addProduct(runner_, lora.gradA, {*kernels, x, true, productColumns(runner_, *kernels, dh)}));
    else runner_.expand(ggml_add_inplace(c_, lora.gradA, multiply(turnedOnce(x), turned(dh))));
    return dh;
}

// dX = Σ Wᵀ·dY + Aᵀ·dh: one sum by our own kernels.
ggml_tensor * LayerGraph::applyBack(const std::vector<const Linear *> & linears, const std::vector<ggml_tensor *> & dys, ggml_tensor * x, bool needInput) {
    const LinearKernels * first = runner_.device().kernels(linears.front()->weight);
    const Kernels * kernels = first == nullptr ? nullptr : &first->backward;
    const LoraRows lora = loraOf(linears);
    std::vector<ggml_tensor *> adapted;
    for (size_t i = 0; i < linears.size(); i++) {
        baseBack(kernels, *linears[i], dys[i], x);
        if (adapter_ && linears[i]->lora != nullptr) adapted.push_back(dys[i]);
    }
    ggml_tensor * dh = adapted.empty() ? nullptr : loraBack(kernels, lora, adapted, x);
    if (!needInput) return nullptr;
    if (kernels == nullptr) {
        ggml_tensor * dx = nullptr;
        const auto add = [&](ggml_tensor * part) { dx = dx == nullptr ? part : ggml_add(c_, dx, part); };
        for (size_t i = 0; i < linears.size(); i++) add(multiply(linears[i]->transposed, dys[i]));
        if (dh != nullptr) add(multiply(turned(lora.a), dh));
        return dx;
    }
    std::vector<ProductTerm> terms;
    for (size_t i = 0; i < linears.size(); i++) {
        const Kernels & own = runner_.device().kernels(linears[i]->weight)->backward;
        terms.push_back({own, linears[i]->weight, true, rowsFor(own, dys[i])});
    }
    if (dh != nullptr) terms.push_back({*kernels, lora.a, true, productRows(runner_, *kernels, dh)});
    return sumOfProducts(runner_, terms);
}
