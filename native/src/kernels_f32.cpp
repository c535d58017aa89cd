#include <algorithm>
#include <cstring>

#include "kernels.h"
#include "rounding.h"

namespace {

constexpr int64_t group = 16;

// A row of W is a row of the matrix: 16 rows are interleaved.
void fillFromRows(const PanelSource & matrix, int64_t first, int64_t width, int64_t start, int64_t depth, KernelScratch & scratch, float * panel) {
    const int64_t count = std::min(depth, matrix.columns - start);
    scratch.floats.resize((size_t) (group * depth));
    for (int64_t n = 0; n < width; n += group) {
        const float * rows[group];
        const int64_t exist = std::clamp<int64_t>(matrix.rows - first - n, 0, group);
        for (int64_t i = 0; i < exist; i++) rows[i] = matrix.floats(first + n + i, start, count, scratch.floats.data() + i * depth);
        for (int64_t k = 0; k < depth; k++) {
            float * to = panel + k * width + n;
            for (int64_t i = 0; i < group; i++) to[i] = i < exist && k < count ? rows[i][k] : 0.0f;
        }
    }
}

// A row of W is a column of the matrix: its rows are copied as they lie.
void fillFromColumns(const PanelSource & matrix, int64_t first, int64_t width, int64_t start, int64_t depth, KernelScratch & scratch, float * panel) {
    const int64_t block = ggml_blck_size(matrix.type), count = std::min((width + block - 1) / block * block, matrix.columns - first);
    scratch.floats.resize((size_t) (width + block));
    const int64_t copied = std::min(width, count);
    for (int64_t k = 0; k < depth; k++) {
        float * to = panel + k * width;
        const bool exists = start + k < matrix.rows;
        if (exists) std::memcpy(to, matrix.floats(start + k, first, count, scratch.floats.data()), (size_t) copied * sizeof(float));
        std::fill(to + (exists ? copied : 0), to + width, 0.0f);
    }
}

void fillPanel(const PanelSource & matrix, bool turned, int64_t first, int64_t width, int64_t start, int64_t depth, KernelScratch & scratch, void * panel) {
    (turned ? fillFromColumns : fillFromRows)(matrix, first, width, start, depth, scratch, (float *) panel);
}

void convertColumns(const float * from, int64_t stride, int64_t rows, int64_t columns, void * target, int64_t toStride) {
    float * to = (float *) target;
    for (int64_t row = 0; row < rows; row += group)
        for (int64_t column = 0; column < columns; column++)
            for (int64_t i = row; i < std::min(row + group, rows); i++) to[column * toStride + i] = from[i * stride + column];
}

#if defined(__GNUC__) || defined(__clang__)

// Vectors of the compiler's own, so that one text serves every processor.
namespace baseline {
#ifdef __aarch64__
#define LANE 4
#define REGISTERS 4
#define ROWS 4
#else
#define LANE 4
#define REGISTERS 2
#define ROWS 4
#endif
#include "kernels_f32_tile.inl"
#undef LANE
#undef REGISTERS
#undef ROWS
}  // namespace baseline

#ifdef __x86_64__

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#endif
namespace avx2 {
#define LANE 8
#define REGISTERS 2
#define ROWS 6
#include "kernels_f32_tile.inl"
#undef LANE
#undef REGISTERS
#undef ROWS
}  // namespace avx2
#ifdef __clang__
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx512f"))), apply_to = function)
#else
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("avx512f,prefer-vector-width=512")
#endif
namespace avx512 {
#define LANE 16
#define REGISTERS 4
#define ROWS 6
#include "kernels_f32_tile.inl"
#undef LANE
#undef REGISTERS
#undef ROWS
}  // namespace avx512
#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

auto multiplyHere() {
    if (__builtin_cpu_supports("avx512f")) return avx512::multiplyPanel;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return avx2::multiplyPanel;
    return baseline::multiplyPanel;
}
#else
auto multiplyHere() { return baseline::multiplyPanel; }
#endif

#else

// For compilers without vectors of their own: plain loops.
void multiplyPlainly(const Stripe & s) {
    for (int64_t row = 0; row < s.rows; row++) {
        float * c = s.c + row * s.cStride;
        const float * x = (const float *) s.x + row * s.xStride;
        if (!s.accumulate) std::fill(c, c + s.columns, 0.0f);
        for (int64_t k = 0; k < s.depth; k++)
            for (int64_t n = 0; n < s.columns; n++) c[n] += x[k] * ((const float *) s.panel)[k * s.panelWidth + n];
    }
}
auto multiplyHere() { return multiplyPlainly; }

#endif

}  // namespace

const Kernels & floatKernels() {
    static const Kernels kernels{"f32", GGML_TYPE_F32, 1, 1, 4, fillPanel, multiplyHere(), nullptr, convertColumns};
    return kernels;
}

const Kernels & roundedKernels(ggml_type weight) {
    static const auto with = [](RoundRow round) { return Kernels{"rounded-f32", GGML_TYPE_F32, 1, 1, 4, fillPanel, multiplyHere(), round, nullptr}; };
    static const Kernels half = with(roundToF16), brain = with(roundToBf16), q8 = with(roundToQ8), q8K = with(roundToQ8K);
    switch (servedRounding(weight)) {
        case Rounding::none: return floatKernels();
        case Rounding::f16: return half;
        case Rounding::bf16: return brain;
        case Rounding::q8: return q8;
        case Rounding::q8K: return q8K;
    }
    return floatKernels();
}
