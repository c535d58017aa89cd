#include "products.h"

#include <algorithm>
#include <cstring>

namespace {
// Rows of equal length in powers of two would all fall into the same few lines of the cache.
constexpr int64_t rowPadding = 32;
constexpr int64_t panelBytes = 256 * 1024;
// Columns of C that a task computes, unless the blocks of a quantized type are wider.
constexpr int64_t usualWidth = 64;
// Rows of X below which sharing them among threads is not worth decoding the weights twice.
constexpr int64_t fewestRows = 96;

struct Plan {
    std::vector<ProductTerm> terms;
    bool accumulate;
};

KernelScratch & scratch() {
    thread_local KernelScratch mine;
    return mine;
}

int64_t depthOf(const ProductTerm & term) { return term.matrix->ne[term.turned ? 1 : 0]; }
int64_t widthOf(const ProductTerm & term) { return term.matrix->ne[term.turned ? 0 : 1]; }

const float * floatRow(const ggml_tensor * x, int64_t row, int64_t batch) { return (const float *) ((const char *) x->data + row * x->nb[1] + batch * x->nb[2]); }

int64_t stepsOf(const Kernels & kernels, int64_t count) { return (count + kernels.depthStep - 1) / kernels.depthStep; }

// Products read whole steps of the depth: what lies beyond the last element must be 0. Where a step holds more than its
// numbers, rows are whole steps already.
void clearBeyond(ggml_tensor * dst, int64_t row, int64_t count, const Kernels & kernels) {
    const size_t size = ggml_type_size(dst->type);
    for (; count % kernels.depthStep != 0; count++) std::memset((char *) dst->data + row * dst->nb[1] + count * size, 0, size);
}

void computeRows(ggml_tensor * dst, int thread, int threads, void * data) {
    const Kernels & kernels = *(const Kernels *) data;
    const ggml_tensor * x = dst->src[0];
    for (int64_t i = thread; i < x->ne[1] * x->ne[2]; i += threads) {
        kernels.convertRow(floatRow(x, i % x->ne[1], i / x->ne[1]), (char *) dst->data + i * dst->nb[1], x->ne[0]);
        clearBeyond(dst, i, x->ne[0], kernels);
    }
}

void computeColumns(ggml_tensor * dst, int thread, int threads, void * data) {
    const Kernels & kernels = *(const Kernels *) data;
    const ggml_tensor * x = dst->src[0];
    const int64_t groups = (x->ne[0] + 15) / 16, stride = (int64_t) (x->nb[1] / sizeof(float)), toStride = (int64_t) (dst->nb[1] / ggml_type_size(dst->type));
    for (int64_t i = thread; i < groups * x->ne[2]; i += threads) {
        const int64_t first = i % groups * 16, batch = i / groups, columns = std::min<int64_t>(16, x->ne[0] - first), row = batch * dst->ne[1] + first;
        kernels.convertColumns(floatRow(x, 0, batch) + first, stride, x->ne[1], columns, (char *) dst->data + row * dst->nb[1], toStride);
        for (int64_t j = 0; j < columns; j++) clearBeyond(dst, row + j, x->ne[1], kernels);
    }
}

// Columns [first, first + width) of C for rows [row, row + count) of one batch.
void computeStripe(ggml_tensor * dst, const Plan & plan, int64_t batch, int64_t first, int64_t width, int64_t row, int64_t count) {
    KernelScratch & mine = scratch();
    mine.panel.resize(panelBytes);
    Stripe stripe{};
    stripe.panel = mine.panel.data();
    stripe.panelWidth = width;
    stripe.rows = count;
    stripe.c = (float *) ((char *) dst->data + row * dst->nb[1] + batch * dst->nb[2]) + first;
    stripe.cStride = (int64_t) (dst->nb[1] / sizeof(float));
    stripe.columns = std::min(width, dst->ne[0] - first);
    stripe.accumulate = plan.accumulate;
    for (const ProductTerm & term : plan.terms) {
        const ggml_tensor * m = term.matrix;
        const PanelSource matrix{(const char *) m->data + batch * m->nb[2], m->type, m->ne[1], m->ne[0], m->nb[1]};
        const Kernels & kernels = term.kernels;
        const int64_t size = (int64_t) ggml_type_size(kernels.element), steps = stepsOf(kernels, depthOf(term));
        const int64_t most = std::max<int64_t>(panelBytes / kernels.panelStepBytes / width, 1);
        stripe.xStride = (int64_t) (term.rows->nb[1] / (size_t) size);
        for (int64_t step = 0; step < steps; step += most) {
            const int64_t start = step * kernels.depthStep;
            stripe.depth = std::min(most, steps - step) * kernels.depthStep;
            kernels.fillPanel(matrix, term.turned, first, width, start, stripe.depth, mine, mine.panel.data());
            stripe.x = (const char *) term.rows->data + row * term.rows->nb[1] + batch * term.rows->nb[2] + step * kernels.stepElements * size;
            kernels.multiplyPanel(stripe);
            stripe.accumulate = true;
        }
    }
}

void computeProduct(ggml_tensor * dst, int thread, int threads, void * data) {
    const Plan & plan = *(const Plan *) data;
    // One, two or four registers of columns: what a tile reads at once.
    int64_t width = dst->ne[0] <= 16 ? 16 : dst->ne[0] <= 32 ? 32 : usualWidth;
    for (const ProductTerm & term : plan.terms)
        if (term.turned) width = std::max(width, (int64_t) ggml_blck_size(term.matrix->type));
    const int64_t stripes = (dst->ne[0] + width - 1) / width;
    int64_t parts = 1;
    while (threads > 1 && stripes * dst->ne[2] * parts < 4 * threads && dst->ne[1] / (2 * parts) >= fewestRows) parts *= 2;
    const int64_t rows = (dst->ne[1] + parts - 1) / parts;
    for (int64_t i = thread; i < stripes * parts * dst->ne[2]; i += threads) {
        const int64_t stripe = i % stripes, part = i / stripes % parts, batch = i / stripes / parts;
        if (part * rows >= dst->ne[1]) continue;
        computeStripe(dst, plan, batch, stripe * width, width, part * rows, std::min(rows, dst->ne[1] - part * rows));
    }
}

ggml_tensor * productNode(GraphRunner & runner, const std::vector<ProductTerm> & terms, ggml_tensor * target) {
    std::vector<ggml_tensor *> sources;
    double work = 0;
    const ProductTerm & one = terms.front();
    for (const ProductTerm & term : terms) {
        sources.push_back(term.matrix);
        sources.push_back(term.rows);
        work += (double) depthOf(term) * (double) widthOf(term) * (double) (term.rows->ne[1] * term.rows->ne[2]);
    }
    Plan * plan = runner.own(Plan{terms, target != nullptr});
    runner.addWork(work);
    if (target != nullptr) return ggml_custom_inplace(runner.context(), target, sources.data(), (int) sources.size(), computeProduct, GGML_N_TASKS_MAX, plan);
    return ggml_custom_4d(runner.context(), GGML_TYPE_F32, widthOf(one), one.rows->ne[1], one.rows->ne[2], 1, sources.data(), (int) sources.size(), computeProduct,
                          GGML_N_TASKS_MAX, plan);
}

ggml_tensor * rowsNode(GraphRunner & runner, const Kernels & kernels, ggml_tensor * x, int64_t columns, int64_t rows, ggml_custom_op_t compute) {
    const int64_t padded = stepsOf(kernels, columns) * kernels.stepElements + rowPadding;
    return ggml_custom_4d(runner.context(), kernels.element, padded, rows, x->ne[2], 1, &x, 1, compute, GGML_N_TASKS_MAX, const_cast<Kernels *>(&kernels));
}
}  // namespace

ggml_tensor * productRows(GraphRunner & runner, const Kernels & kernels, ggml_tensor * x) {
    return kernels.convertRow == nullptr ? x : rowsNode(runner, kernels, x, x->ne[0], x->ne[1], computeRows);
}

ggml_tensor * productColumns(GraphRunner & runner, const Kernels & kernels, ggml_tensor * x) {
    return rowsNode(runner, kernels, x, x->ne[1], x->ne[0], computeColumns);
}

ggml_tensor * sumOfProducts(GraphRunner & runner, const std::vector<ProductTerm> & terms) { return productNode(runner, terms, nullptr); }

ggml_tensor * addProduct(GraphRunner & runner, ggml_tensor * target, const ProductTerm & term) { return productNode(runner, {term}, target); }
