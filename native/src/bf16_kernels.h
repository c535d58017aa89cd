// Matrix products in bfloat16 with F32 sums, for processors that have VDPBF16PS (AVX-512 BF16): twice to four times what
// ggml's own products reach on a quantized base. Functions on memory only; bf16_product.h makes nodes of a graph of them.
//
// A product is C[m, n] = Σ_k X[m, k]·W[n, k]. X lies as rows of bfloat16; W is decoded on the fly, piece by piece, into
// panels [k/2][width][2] that fit the cache. One thread sums an element, in the order of k, so no bit depends on how the
// work is split.
#pragma once
#include <ggml.h>

#include <cstdint>
#include <vector>

namespace bf16 {

// Whether this processor has the instructions; the other functions need them.
bool available();

// Columns of C that one stripe writes, at most.
constexpr int64_t stripeWidth = 64;
// 16, 32 or 64: the narrowest stripe for so many columns.
int64_t widthFor(int64_t columns);

// A matrix of any type that ggml can turn into F32; its rows lie `stride` bytes apart.
struct Matrix {
    const void * data;
    ggml_type type;
    int64_t rows, columns;
    size_t stride;
};

// Scratch of one thread.
struct Scratch {
    std::vector<float> floats;
    std::vector<uint16_t> panel;
};

// A panel of W[first …, k = start … start + depth), from the matrix or, `turned`, from its transpose. `width` is a multiple
// of 16, `depth` even; what lies beyond the matrix is 0. Blocks of a quantized type are whole: `start` (turned: `first`)
// is a multiple of them.
void fillPanel(const Matrix & matrix, bool turned, int64_t first, int64_t width, int64_t start, int64_t depth, Scratch & scratch, uint16_t * panel);

struct Stripe {
    const uint16_t * panel;
    int64_t panelWidth;  // of the whole panel
    int64_t width;       // of the part that is used: 16, 32 or 64
    int64_t depth;
    const uint16_t * x;  // at column `start` of the first row
    int64_t xStride;     // elements
    int64_t count;       // rows
    float * c;           // at column `first` of the first row
    int64_t cStride;     // elements
    int64_t columns;     // of C that exist, at most `width`
    bool accumulate;     // else C is overwritten
};
void multiplyPanel(const Stripe & stripe);

// F32 to bfloat16, rounded to nearest even.
void convert(const float * from, uint16_t * to, int64_t count);
// 16 columns of `rows` rows, `stride` F32 apart, as rows of bfloat16 `toStride` apart; `columns` (at most 16) of them exist.
void convertTurned(const float * from, int64_t stride, int64_t rows, int64_t columns, uint16_t * to, int64_t toStride);

}  // namespace bf16
