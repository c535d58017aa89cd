// Matrix products on the CPU: functions on memory only; products.h makes nodes of a graph of them.
//
// A product is C[m, n] = Σ_k X[m, k]·W[n, k]. X lies as rows; W, of any type, is decoded on the fly, piece by piece, into
// panels that fit the cache, from its rows or from its columns. So no weight is kept twice, and backward reads the same
// bytes as forward. One thread sums an element, in the order of k: no bit depends on how the work is split.
#pragma once
#include <ggml.h>

#include <cstdint>
#include <vector>

// A matrix of any type that ggml can turn into F32; its rows lie `stride` bytes apart.
struct PanelSource {
    const void * data;
    ggml_type type;
    int64_t rows, columns;
    size_t stride;
    // `count` columns of a row from `start` on as F32: in `scratch`, or where they lie if they are F32 already.
    const float * floats(int64_t row, int64_t start, int64_t count, float * scratch) const;
};

// Scratch of one thread.
struct KernelScratch {
    std::vector<float> floats;
    std::vector<uint8_t> panel;
};

// C[rows, columns] (+)= X·panel.
struct Stripe {
    const void * panel;
    int64_t panelWidth;  // of the whole panel
    int64_t depth;
    const void * x;      // at column `start` of the first row
    int64_t xStride;     // elements
    int64_t rows;
    float * c;           // at column `first` of the first row
    int64_t cStride;     // elements
    int64_t columns;     // of C that exist, at most `panelWidth`
    bool accumulate;     // else C is overwritten
};

// One way to multiply. Elements of X and of panels are F32 or BF16; sums are F32.
struct Kernels {
    ggml_type element;
    // Rows of X are padded to a multiple of this many elements, and so is the depth of a panel.
    int64_t depthStep;
    // A panel of W[first …, k = start … start + depth), from the matrix or, `turned`, from its transpose. `width` is a
    // multiple of 16; what lies beyond the matrix is 0. Blocks of a quantized type are whole: `start` (turned: `first`) is
    // a multiple of them.
    void (*fillPanel)(const PanelSource & matrix, bool turned, int64_t first, int64_t width, int64_t start, int64_t depth, KernelScratch & scratch, void * panel);
    void (*multiplyPanel)(const Stripe & stripe);
    // `count` F32 as a row of X.
    void (*convertRow)(const float * from, void * to, int64_t count);
    // At most 16 columns of `rows` rows, `stride` F32 apart, as rows of X, `toStride` elements apart.
    void (*convertColumns)(const float * from, int64_t stride, int64_t rows, int64_t columns, void * to, int64_t toStride);
};

// F32 throughout, for every processor: AVX-512, AVX2 or what the compiler takes for granted.
const Kernels & floatKernels();
// BF16 in, F32 sums: for processors with VDPBF16PS (AVX-512 BF16); null on others. Nearer to the exact product than ggml's
// own on a quantized base, which round X to 8 bits, and several times faster.
const Kernels * bf16Kernels();
