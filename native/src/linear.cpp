// Linears with their adapters, norms, and the views that rows and columns of a matrix need.
#include "adapter.h"
#include "bf16_product.h"
#include "layer.h"

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
    return ggml_rms_norm_back(c_, ggml_mul(c_, dy, weight), x, shape_.epsilon);
}

ggml_tensor * LayerGraph::multiply(ggml_tensor * a, ggml_tensor * b) { return runner_.device().multiply(c_, a, b); }

ggml_tensor * LayerGraph::turned(ggml_tensor * x) { return ggml_cont(c_, ggml_transpose(c_, x)); }

ggml_tensor * LayerGraph::rowsInBf16(ggml_tensor * x) {
    ggml_tensor *& rows = inBf16_[x];
    if (rows == nullptr) rows = bf16Rows(runner_, x);
    return rows;
}

ggml_tensor * LayerGraph::applyInBf16(const Linear & linear, ggml_tensor * x) {
    ggml_tensor * rows = rowsInBf16(x);
    std::vector<ProductTerm> terms{{linear.weight, false, rows}};
    if (adapter_ && linear.lora != nullptr) {
        ggml_tensor * h = ggml_scale(c_, bf16Product(runner_, {{linear.lora->a, false, rows}}), linear.lora->scale);
        terms.push_back({linear.lora->b, false, bf16Rows(runner_, h)});
    }
    ggml_tensor * y = bf16Product(runner_, terms);
    return linear.bias == nullptr ? y : ggml_add(c_, y, linear.bias);
}

// As applyBack: the sums over tokens read x and dY as they lie, nothing large is turned.
ggml_tensor * LayerGraph::applyBackInBf16(const Linear & linear, ggml_tensor * dy, ggml_tensor * x, bool needInput) {
    const bool adapted = adapter_ && linear.lora != nullptr;
    if (!adapted && !needInput) return nullptr;
    ggml_tensor * dyRows = rowsInBf16(dy);
    std::vector<ProductTerm> terms{{linear.weight, true, dyRows}};
    if (adapted) {
        const LoraPair & lora = *linear.lora;
        ggml_tensor * h = ggml_scale(c_, bf16Product(runner_, {{lora.a, false, rowsInBf16(x)}}), lora.scale);
        ggml_tensor * dh = ggml_scale(c_, bf16Product(runner_, {{lora.b, true, dyRows}}), lora.scale);
        ggml_tensor * dbTurned = bf16Product(runner_, {{dy, true, bf16Columns(runner_, h)}});
        runner_.expand(ggml_add_inplace(c_, lora.gradB, turned(dbTurned)));
        runner_.expand(bf16AddProduct(runner_, lora.gradA, {x, true, bf16Columns(runner_, dh)}));
        terms.push_back({lora.a, true, bf16Rows(runner_, dh)});
    }
    return needInput ? bf16Product(runner_, terms) : nullptr;
}

// matrix·x, batch by batch; the matrix may be a view.
ggml_tensor * LayerGraph::product(ggml_tensor * matrix, ggml_tensor * x) {
    return bf16_ ? bf16Product(runner_, {{matrix, false, rowsInBf16(x)}}) : multiply(ggml_cont(c_, matrix), x);
}

// matrixᵀ·x
ggml_tensor * LayerGraph::turnedProduct(ggml_tensor * matrix, ggml_tensor * x) {
    return bf16_ ? bf16Product(runner_, {{matrix, true, rowsInBf16(x)}}) : multiply(turned(matrix), x);
}

// Σ over rows of x·yᵀ: [columns of x, columns of y].
ggml_tensor * LayerGraph::productOverRows(ggml_tensor * x, ggml_tensor * y) {
    return bf16_ ? bf16Product(runner_, {{x, true, bf16Columns(runner_, y)}}) : multiply(turned(x), turned(y));
}

ggml_tensor * LayerGraph::apply(const Linear & linear, ggml_tensor * x) {
    if (runner_.device().usesBf16(linear.weight)) return applyInBf16(linear, x);
    ggml_tensor * y = multiply(linear.weight, x);
    if (adapter_ && linear.lora != nullptr) {
        ggml_tensor * h = ggml_scale(c_, multiply(linear.lora->a, x), linear.lora->scale);
        y = ggml_add(c_, y, multiply(linear.lora->b, h));
    }
    return linear.bias == nullptr ? y : ggml_add(c_, y, linear.bias);
}

// dX = Wᵀ·dY + Aᵀ·dh with dh = scale·Bᵀ·dY; dA = x·dhᵀ, dB = scale·h·dYᵀ with h = A·x computed again.
ggml_tensor * LayerGraph::applyBack(const Linear & linear, ggml_tensor * dy, ggml_tensor * x, bool needInput) {
    if (runner_.device().usesBf16(linear.weight)) return applyBackInBf16(linear, dy, x, needInput);
    ggml_tensor * dx = needInput ? multiply(linear.transposed, dy) : nullptr;
    const bool adapted = adapter_ && linear.lora != nullptr;
    if (!adapted && linear.gradient == nullptr) return dx;
    if (lastTurned_ != x) lastTurned_ = x, lastTurnedResult_ = turned(x);
    if (linear.gradient != nullptr) runner_.expand(ggml_add_inplace(c_, linear.gradient, multiply(lastTurnedResult_, turned(dy))));
    if (!adapted) return dx;
    const LoraPair & lora = *linear.lora;
    ggml_tensor * h = ggml_scale(c_, multiply(lora.a, x), lora.scale);
    ggml_tensor * dh = ggml_scale(c_, multiply(turned(lora.b), dy), lora.scale);
    runner_.expand(ggml_add_inplace(c_, lora.gradB, multiply(turned(h), turned(dy))));
    runner_.expand(ggml_add_inplace(c_, lora.gradA, multiply(lastTurnedResult_, turned(dh))));
    return needInput ? ggml_add(c_, dx, multiply(turned(lora.a), dh)) : nullptr;
}
