#include "bf16_product.h"

#include <algorithm>

#include "bf16_kernels.h"

namespace {
// Rows of equal length in powers of two would all fall into the same few lines of the cache.
constexpr int64_t rowPadding = 32;
// bfloat16 in a panel: 256 KiB.
constexpr int64_t panelSize = 64 * 2048;
// Rows of X below which sharing them among threads is not worth decoding the weights twice.
constexpr int64_t fewestRows = 96;

struct Plan {
    std::vector<ProductTerm> terms;
    bool accumulate;
};

bf16::Scratch & scratch() {
    thread_local bf16::Scratch mine;
    return mine;
}

int64_t depthOf(const ProductTerm & term) { return term.matrix->ne[term.turned ? 1 : 0]; }
int64_t widthOf(const ProductTerm & term) { return term.matrix->ne[term.turned ? 0 : 1]; }

const float * floatRow(const ggml_tensor * x, int64_t row, int64_t batch) { return (const float *) ((const char *) x->data + row * x->nb[1] + batch * x->nb[2]); }

void computeRows(ggml_tensor * dst, int thread, int threads, void *) {
    const ggml_tensor * x = dst->src[0];
    for (int64_t i = thread; i < x->ne[1] * x->ne[2]; i += threads) {
        const int64_t row = i % x->ne[1], batch = i / x->ne[1];
        uint16_t * to = (uint16_t *) ((char *) dst->data + i * dst->nb[1]);
        bf16::convert(floatRow(x, row, batch), to, x->ne[0]);
        if (x->ne[0] % 2 == 1) to[x->ne[0]] = 0;  // products read pairs
    }
}

void computeColumns(ggml_tensor * dst, int thread, int threads, void *) {
    const ggml_tensor * x = dst->src[0];
    const int64_t groups = (x->ne[0] + 15) / 16, stride = (int64_t) (x->nb[1] / sizeof(float)), toStride = (int64_t) (dst->nb[1] / sizeof(uint16_t));
    for (int64_t i = thread; i < groups * x->ne[2]; i += threads) {
        const int64_t first = i % groups * 16, batch = i / groups;
        uint16_t * to = (uint16_t *) ((char *) dst->data + first * dst->nb[1] + batch * dst->nb[2]);
        const int64_t columns = std::min<int64_t>(16, x->ne[0] - first);
        bf16::convertTurned(floatRow(x, 0, batch) + first, stride, x->ne[1], columns, to, toStride);
        if (x->ne[1] % 2 == 1)
            for (int64_t row = 0; row < columns; row++) to[row * toStride + x->ne[1]] = 0;
    }
}

// Columns [first, first + width) of C for rows [row, row + count) of one batch.
void computeStripe(ggml_tensor * dst, const Plan & plan, int64_t batch, int64_t first, int64_t width, int64_t row, int64_t count) {
    bf16::Scratch & mine = scratch();
    mine.panel.resize(panelSize);
    const int64_t deepest = panelSize / width;
    bool accumulate = plan.accumulate;
    for (const ProductTerm & term : plan.terms) {
        const ggml_tensor * m = term.matrix;
        const bf16::Matrix matrix{(const char *) m->data + batch * m->nb[2], m->type, m->ne[1], m->ne[0], m->nb[1]};
        for (int64_t start = 0; start < depthOf(term); start += deepest) {
            const int64_t depth = std::min(deepest, (depthOf(term) - start + 1) / 2 * 2);
            bf16::fillPanel(matrix, term.turned, first, width, start, depth, mine, mine.panel.data());
            const uint16_t * x = (const uint16_t *) ((const char *) term.rows->data + row * term.rows->nb[1] + batch * term.rows->nb[2]) + start;
            for (int64_t n = 0; n < width && first + n < dst->ne[0]; n += bf16::stripeWidth) {
                const int64_t columns = std::min(bf16::stripeWidth, std::min(width - n, dst->ne[0] - first - n));
                float * c = (float *) ((char *) dst->data + row * dst->nb[1] + batch * dst->nb[2]) + first + n;
                bf16::multiplyPanel({mine.panel.data() + 2 * n, width, bf16::widthFor(columns), depth, x, (int64_t) (term.rows->nb[1] / sizeof(uint16_t)), count, c,
                                     (int64_t) (dst->nb[1] / sizeof(float)), columns, accumulate});
            }
            accumulate = true;
        }
    }
}

void computeProduct(ggml_tensor * dst, int thread, int threads, void * data) {
    const Plan & plan = *(const Plan *) data;
    int64_t width = bf16::widthFor(dst->ne[0]);
    for (const ProductTerm & term : plan.terms)
        if (term.turned) width = std::max(width, (int64_t) ggml_blck_size(term.matrix->type));
    const int64_t stripes = (dst->ne[0] + width - 1) / width;
    int64_t parts = 1;
    while (threads > 1 && stripes * dst->ne[2] * parts < 4 * threads && dst->ne[1] / (2 * parts) >= fewestRows) parts *= 2;
    const int64_t rows = (dst->ne[1] + parts - 1) / parts;
    for (int64_t i = thread; i < stripes * parts * dst->ne[2]; i += threads) {
        const int64_t stripe = i % stripes, part = i / stripes % parts, batch = i / stripes / parts;
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

ggml_tensor * rowsNode(GraphRunner & runner, ggml_tensor * x, int64_t columns, int64_t rows, ggml_custom_op_t compute) {
    return ggml_custom_4d(runner.context(), GGML_TYPE_BF16, (columns + 1) / 2 * 2 + rowPadding, rows, x->ne[2], 1, &x, 1, compute, GGML_N_TASKS_MAX, nullptr);
}
}  // namespace

ggml_tensor * bf16Rows(GraphRunner & runner, ggml_tensor * x) { return rowsNode(runner, x, x->ne[0], x->ne[1], computeRows); }

ggml_tensor * bf16Columns(GraphRunner & runner, ggml_tensor * x) { return rowsNode(runner, x, x->ne[1], x->ne[0], computeColumns); }

ggml_tensor * bf16Product(GraphRunner & runner, const std::vector<ProductTerm> & terms) { return productNode(runner, terms, nullptr); }

ggml_tensor * bf16AddProduct(GraphRunner & runner, ggml_tensor * target, const ProductTerm & term) { return productNode(runner, {term}, target); }
