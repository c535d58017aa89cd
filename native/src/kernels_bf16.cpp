#include <cstring>

#include "avx512.h"
#include "kernels.h"

#ifdef FOLKMOOT_HAS_AVX512
#define FOLKMOOT_AVX512 FOLKMOOT_TARGET("avx512bf16,f16c,fma")

// Panels are [k/2][width][2].

namespace {

bool available() {
    return hasAvx512() && __builtin_cpu_supports("avx512bf16");
}

struct BlockQ8 {
    uint16_t scale;
    int8_t values[32];
};

FOLKMOOT_AVX512 void floatsOfQ8(const BlockQ8 * blocks, float * to, int64_t count) {
    for (int64_t i = 0; i < count / 32; i++) {
        const __m512 scale = _mm512_set1_ps(_cvtsh_ss(blocks[i].scale));
        for (int half = 0; half < 2; half++) {
            const __m128i bytes = _mm_loadu_si128((const __m128i *) (blocks[i].values + half * lane));
            _mm512_storeu_ps(to + i * 32 + half * lane, _mm512_mul_ps(scale, _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(bytes))));
        }
    }
}

// As PanelSource::floats; Q8_0 by the registers that are there.
const float * floats(const PanelSource & matrix, int64_t row, int64_t start, int64_t count, float * scratch) {
    if (matrix.type != GGML_TYPE_Q8_0) return matrix.floats(row, start, count, scratch);
    floatsOfQ8((const BlockQ8 *) ((const char *) matrix.data + row * matrix.stride + ggml_row_size(matrix.type, start)), scratch, count);
    return scratch;
}

// A row of W is a row of the matrix: pairs of k stand beside each other already, 16 rows are interleaved.
FOLKMOOT_AVX512 void fillFromRows(const PanelSource & matrix, int64_t first, int64_t width, int64_t start, int64_t depth, KernelScratch & scratch, uint16_t * panel) {
    const int64_t count = std::min(depth, matrix.columns - start), padded = (depth + 31) / 32 * 32;
    scratch.floats.resize((size_t) (padded + lane * padded / 2));
    float * row = scratch.floats.data();
    float * pairs = row + padded;  // 16 rows of padded / 2 pairs
    for (int64_t n = 0; n < width; n += lane) {
        for (int64_t i = 0; i < lane; i++) {
            float * to = pairs + i * (padded / 2);
            if (first + n + i >= matrix.rows) {
                std::memset(to, 0, (size_t) padded * 2);
                continue;
            }
            const float * from = floats(matrix, first + n + i, start, count, row);
            for (int64_t k = 0; k < padded; k += 32) {
                const __m512 low = _mm512_maskz_loadu_ps(within(count - k), from + k);
                const __m512 high = _mm512_maskz_loadu_ps(within(count - k - lane), from + k + lane);
                _mm512_storeu_si512(to + k / 2, (__m512i) _mm512_cvtne2ps_pbh(high, low));
            }
        }
        for (int64_t pair = 0; pair < depth / 2; pair += lane) {
            __m512i r[16];
            for (int i = 0; i < 16; i++) r[i] = _mm512_loadu_si512(pairs + i * (padded / 2) + pair);
            transpose(r);
            const int64_t last = std::min<int64_t>(lane, depth / 2 - pair);
            for (int64_t i = 0; i < last; i++) _mm512_storeu_si512(panel + ((pair + i) * width + n) * 2, r[i]);
        }
    }
}

// A row of W is a column of the matrix: k runs over its rows, and two of them make the pairs.
FOLKMOOT_AVX512 void fillFromColumns(const PanelSource & matrix, int64_t first, int64_t width, int64_t start, int64_t depth, KernelScratch & scratch, uint16_t * panel) {
    const int64_t block = ggml_blck_size(matrix.type), count = std::min((width + block - 1) / block * block, matrix.columns - first);
    scratch.floats.resize((size_t) (2 * (width + block)));
    float * even = scratch.floats.data();
    float * odd = even + width + block;
    for (int64_t k = 0; k < depth; k += 2) {
        const int64_t row = start + k;
        const float * a = row < matrix.rows ? floats(matrix, row, first, count, even) : nullptr;
        const float * b = row + 1 < matrix.rows ? floats(matrix, row + 1, first, count, odd) : nullptr;
        for (int64_t n = 0; n < width; n += lane) {
            const __m512 low = a == nullptr ? _mm512_setzero_ps() : _mm512_maskz_loadu_ps(within(count - n), a + n);
            const __m512 high = b == nullptr ? _mm512_setzero_ps() : _mm512_maskz_loadu_ps(within(count - n), b + n);
            const __m512i lows = _mm512_cvtepu16_epi32((__m256i) _mm512_cvtneps_pbh(low));
            const __m512i highs = _mm512_cvtepu16_epi32((__m256i) _mm512_cvtneps_pbh(high));
            _mm512_storeu_si512(panel + k * width + 2 * n, _mm512_or_si512(lows, _mm512_slli_epi32(highs, 16)));
        }
    }
}

// `Rows` rows of X by `Registers` registers of columns: the sums stay in registers over the whole depth.
template <int Registers, int Rows>
FOLKMOOT_AVX512 void tile(const Stripe & s, int64_t row) {
    const uint16_t * x = (const uint16_t *) s.x + row * s.xStride;
    float * c = s.c + row * s.cStride;
    __m512 sum[Rows][Registers];
    __mmask16 masks[Registers];
#pragma GCC unroll 4
    for (int j = 0; j < Registers; j++) masks[j] = within(s.columns - j * lane);
#pragma GCC unroll 24
    for (int i = 0; i < Rows; i++) {
#pragma GCC unroll 4
        for (int j = 0; j < Registers; j++)
            sum[i][j] = s.accumulate ? _mm512_maskz_loadu_ps(masks[j], c + i * s.cStride + j * lane) : _mm512_setzero_ps();
    }
    const uint16_t * panel = (const uint16_t *) s.panel;
    for (int64_t k = 0; k < s.depth; k += 2, panel += 2 * s.panelWidth) {
        __m512bh w[Registers];
#pragma GCC unroll 4
        for (int j = 0; j < Registers; j++) w[j] = (__m512bh) _mm512_loadu_si512(panel + j * 2 * lane);
#pragma GCC unroll 24
        for (int i = 0; i < Rows; i++) {
            int32_t pair;
            std::memcpy(&pair, x + i * s.xStride + k, sizeof(pair));
            const __m512bh both = (__m512bh) _mm512_set1_epi32(pair);
#pragma GCC unroll 4
            for (int j = 0; j < Registers; j++) sum[i][j] = _mm512_dpbf16_ps(sum[i][j], w[j], both);
        }
    }
#pragma GCC unroll 24
    for (int i = 0; i < Rows; i++) {
#pragma GCC unroll 4
        for (int j = 0; j < Registers; j++) _mm512_mask_storeu_ps(c + i * s.cStride + j * lane, masks[j], sum[i][j]);
    }
}

void fillPanel(const PanelSource & matrix, bool turned, int64_t first, int64_t width, int64_t start, int64_t depth, KernelScratch & scratch, void * panel) {
    (turned ? fillFromColumns : fillFromRows)(matrix, first, width, start, depth, scratch, (uint16_t *) panel);
}

FOLKMOOT_AVX512 void convertRow(const float * from, void * target, int64_t count) {
    uint16_t * to = (uint16_t *) target;
    for (int64_t i = 0; i < count; i += lane) {
        const __mmask16 mask = within(count - i);
        _mm256_mask_storeu_epi16(to + i, mask, (__m256i) _mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(mask, from + i)));
    }
}

FOLKMOOT_AVX512 void convertColumns(const float * from, int64_t stride, int64_t rows, int64_t columns, void * target, int64_t toStride) {
    uint16_t * to = (uint16_t *) target;
    for (int64_t row = 0; row < rows; row += lane) {
        __m512i r[16];
        for (int64_t i = 0; i < lane; i++)
            r[i] = row + i < rows ? (__m512i) _mm512_maskz_loadu_ps(within(columns), from + (row + i) * stride) : _mm512_setzero_si512();
        transpose(r);
        for (int64_t i = 0; i < columns; i++)
            _mm256_mask_storeu_epi16(to + i * toStride + row, within(rows - row), (__m256i) _mm512_cvtneps_pbh((__m512) r[i]));
    }
}

struct Tile {
    static constexpr int sums = 24;
    template <int Registers, int Rows>
    static void compute(const Stripe & s, int64_t row) { tile<Registers, Rows>(s, row); }
};

constexpr Kernels kernels{"bf16", GGML_TYPE_BF16, 2, 2, 4, fillPanel, multiplyInTiles<Tile>, convertRow, convertColumns};

}  // namespace

const Kernels * bf16Kernels() {
    static const bool has = available();
    return has ? &kernels : nullptr;
}

#else

const Kernels * bf16Kernels() { return nullptr; }

#endif
