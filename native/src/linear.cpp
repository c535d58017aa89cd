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
ggml_tensor * LayerGraph::product(ggml_tensor * matrix, ggml_tensor * x) {
    if (kernels_ == nullptr) return multiply(ggml_cont(c_, matrix), x);
    return sumOfProducts(runner_, *kernels_, {{matrix, false, rowsFor(*kernels_, x)}});
}

// matrixᵀ·x
ggml_tensor * LayerGraph::turnedProduct(ggml_tensor * matrix, ggml_tensor * x) {
    if (kernels_ == nullptr) return multiply(turned(matrix), x);
    return sumOfProducts(runner_, *kernels_, {{matrix, true, rowsFor(*kernels_, x)}});
}

// Σ over rows of x·yᵀ: [columns of x, columns of y].
ggml_tensor * LayerGraph::productOverRows(ggml_tensor * x, ggml_tensor * y) {
    if (kernels_ == nullptr) return multiply(turned(x), turned(y));
    return sumOfProducts(runner_, *kernels_, {{x, true, productColumns(runner_, *kernels_, y)}});
}

// W·x and B·h in one sum, so that a small rank costs no pass over the result.
ggml_tensor * LayerGraph::applyByKernels(const Kernels & kernels, const Linear & linear, ggml_tensor * x) {
    ggml_tensor * rows = rowsFor(kernels, x);
    std::vector<ProductTerm> terms{{linear.weight, false, rows}};
    if (adapter_ && linear.lora != nullptr) {
        ggml_tensor * h = ggml_scale(c_, sumOfProducts(runner_, kernels, {{linear.lora->a, false, rows}}), linear.lora->scale);
        terms.push_back({linear.lora->b, false, productRows(runner_, kernels, h)});
    }
    ggml_tensor * y = sumOfProducts(runner_, kernels, terms);
    return linear.bias == nullptr ? y : ggml_add(c_, y, linear.bias);
}

// As applyBack; the sums over tokens read x and dY as they lie, so that nothing large is turned.
ggml_tensor * LayerGraph::applyBackByKernels(const Kernels & kernels, const Linear & linear, ggml_tensor * dy, ggml_tensor * x, bool needInput) {
    if (linear.gradient != nullptr) runner_.expand(addProduct(runner_, kernels, linear.gradient, {x, true, productColumns(runner_, kernels, dy)}));
    const bool adapted = adapter_ && linear.lora != nullptr;
    if (!adapted && !needInput) return nullptr;
    ggml_tensor * dyRows = rowsFor(kernels, dy);
    std::vector<ProductTerm> terms{{linear.weight, true, dyRows}};
    if (adapted) {
        const LoraPair & lora = *linear.lora;
        ggml_tensor * h = ggml_scale(c_, sumOfProducts(runner_, kernels, {{lora.a, false, rowsFor(kernels, x)}}), lora.scale);
        ggml_tensor * dh = ggml_scale(c_, sumOfProducts(runner_, kernels, {{lora.b, true, dyRows}}), lora.scale);
        ggml_tensor * dbTurned = sumOfProducts(runner_, kernels, {{dy, true, productColumns(runner_, kernels, h)}});
        runner_.expand(ggml_add_inplace(c_, lora.gradB, turned(dbTurned)));
        runner_.expand(addProduct(runner_, kernels, lora.gradA, {x, true, productColumns(runner_, kernels, dh)}));
        terms.push_back({lora.a, true, productRows(runner_, kernels, dh)});
    }
    return needInput ? sumOfProducts(runner_, kernels, terms) : nullptr;
}

ggml_tensor * LayerGraph::apply(const Linear & linear, ggml_tensor * x) {
    if (const Kernels * kernels = runner_.device().kernels(linear.weight)) return applyByKernels(*kernels, linear, x);
    ggml_tensor * y = multiply(linear.weight, x);
    if (adapter_ && linear.lora != nullptr) {
        ggml_tensor * h = ggml_scale(c_, multiply(linear.lora->a, x), linear.lora->scale);
        y = ggml_add(c_, y, multiply(linear.lora->b, h));
    }
    return linear.bias == nullptr ? y : ggml_add(c_, y, linear.bias);
}

// dX = Wᵀ·dY + Aᵀ·dh with dh = scale·Bᵀ·dY; dA = x·dhᵀ, dB = scale·h·dYᵀ with h = A·x computed again.
ggml_tensor * LayerGraph::applyBack(const Linear & linear, ggml_tensor * dy, ggml_tensor * x, bool needInput) {
    if (const Kernels * kernels = runner_.device().kernels(linear.weight)) return applyBackByKernels(*kernels, linear, dy, x, needInput);
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
