// Matrix products on the CPU: functions on memory only; products.h makes nodes of a graph of them.
//
// A product is C[m, n] = Σ_k X[m, k]·W[n, k]. X lies as rows; W, of any type, is decoded on the fly, piece by piece, into
// panels that fit the cache, from its rows or from its columns. So no weight is kept twice, and backward reads the same
// bytes as forward. One thread sums an element, in the order of k: no bit depends on how the work is split.
#pragma once
#include <ggml.h>

#include <cstdint>
#include <new>
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

// Memory that begins on a cache line: a register of 64 bytes never straddles two of them.
template <typename T>
struct OnCacheLine {
    using value_type = T;
    OnCacheLine() = default;
    template <typename Other>
    OnCacheLine(const OnCacheLine<Other> &) {}
    T * allocate(size_t count) { return static_cast<T *>(::operator new(count * sizeof(T), line)); }
    void deallocate(T * memory, size_t) { ::operator delete(memory, line); }
    template <typename Other>
    bool operator==(const OnCacheLine<Other> &) const { return true; }
    template <typename Other>
    bool operator!=(const OnCacheLine<Other> &) const { return false; }
    static constexpr std::align_val_t line{64};
};

// Scratch of one thread.
struct KernelScratch {
    std::vector<float, OnCacheLine<float>> floats;
    std::vector<int32_t, OnCacheLine<int32_t>> words;
    std::vector<uint8_t, OnCacheLine<uint8_t>> panel;
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

// One way to multiply; sums are F32.
struct Kernels {
    // Other names: other bits.
    const char * name;
    // What rows of X are made of. `depthStep` numbers of X take `stepElements` of them, and `panelStepBytes` in each column
    // of a panel. Rows are padded to a multiple of `depthStep`, and so is the depth of a panel.
    ggml_type element;
    int64_t depthStep, stepElements, panelStepBytes;
    // A panel of W[first …, k = start … start + depth), from the matrix or, `turned`, from its transpose. `width` is 16, 32
    // or a multiple of 64; what lies beyond the matrix is 0. Blocks of a quantized type are whole: `start` (turned: `first`) is
    // a multiple of them.
    void (*fillPanel)(const PanelSource & matrix, bool turned, int64_t first, int64_t width, int64_t start, int64_t depth, KernelScratch & scratch, void * panel);
    void (*multiplyPanel)(const Stripe & stripe);
    // `count` F32 as a row of X; null where X is read as it lies.
    void (*convertRow)(const float * from, void * to, int64_t count);
    // At most 16 columns of `rows` rows, `stride` F32 apart, as rows of X, `toStride` elements apart. Null where there are
    // products with a matrix as it lies only, neither `turned` nor summed over rows.
    void (*convertColumns)(const float * from, int64_t stride, int64_t rows, int64_t columns, void * to, int64_t toStride);
};

// F32 throughout, for every processor: AVX-512, AVX2 or what the compiler takes for granted.
const Kernels & floatKernels();
// As floatKernels, but X is rounded as llama.cpp's CPU backend rounds it for a weight of this type (rounding.h).
const Kernels & roundedKernels(ggml_type weight);
// BF16 in, F32 sums: for processors with VDPBF16PS (AVX-512 BF16); null on others.
const Kernels * bf16Kernels();
// X in 8 bits, weights as the integers they are, integer sums in every block: for processors with VPDPBUSD and VPDPWSSD
// (AVX-512 VNNI); null on others and for types without such a form (integer_weights.h).
const Kernels * integerKernels(ggml_type weight);
// The fastest that computes what llama.cpp computes with a weight of this type, but for the order of F32 sums.
const Kernels & servedKernels(ggml_type weight);
