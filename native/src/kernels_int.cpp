#include <cstring>

#include "avx512.h"
#include "integer_weights.h"
#include "kernels.h"
#include "rounding.h"

#ifdef FOLKMOOT_HAS_AVX512
#define FOLKMOOT_VNNI FOLKMOOT_TARGET("avx512vnni,f16c,fma")

// A word is 32 bits: four products of 8 bits or two of 16 that one instruction adds to an integer sum. A step of the depth is
// a block. Rows hold it as [words of integers][words of sums][correction][scale], panels as
// [words][width], [scale][width], [scale of the minimums][width].
//
// The two instructions are written out: before their intrinsics GCC 12 copies every sum, which takes half the speed.
namespace {

// The largest |x| of whole registers, as its bits: they are ordered as the numbers are, and NaN lies above them all.
FOLKMOOT_VNNI int32_t largestBits(const float * from, int64_t count) {
    __m512i largest = _mm512_setzero_si512();
    for (int64_t i = 0; i < count; i += lane)
        largest = _mm512_max_epi32(largest, _mm512_and_si512(_mm512_loadu_si512(from + i), _mm512_set1_epi32(0x7fffffff)));
    return _mm512_reduce_max_epi32(largest);
}

// Numbers that any rounding serves; others go the portable way.
bool isUsual(int32_t largestBits) { return largestBits > 0x01000000 && largestBits < 0x7f000000; }

float numberOf(int32_t bits) {
    float number;
    std::memcpy(&number, &bits, sizeof(number));
    return number;
}

// Sixteen numbers times `factor`, to the nearest integers.
FOLKMOOT_VNNI __m512i rounded(const float * from, float factor) { return _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_loadu_ps(from), _mm512_set1_ps(factor))); }

// Blocks of 32 in 8 bits. VPDPBUSD takes one side without a sign, so 128 is added to the weights, and 128·Σx taken off.
struct Eight {
    static constexpr int64_t block = q8Block, words = 8, sumWords = 0;
    static constexpr bool hasMins = false;
    FOLKMOOT_VNNI static __m512i add(__m512i sum, __m512i weights, __m512i x) {
        asm("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(weights), "v"(x));
        return sum;
    }

    // As integersQ8, with the correction behind it.
    FOLKMOOT_VNNI static float round(const float * from, int32_t * to) {
        int8_t * integers = (int8_t *) to;
        const int32_t bits = largestBits(from, block);
        float scale;
        if (isUsual(bits)) {
            const float largest = numberOf(bits), factor = 127.0f / largest;
            for (int64_t i = 0; i < block; i += lane) _mm_storeu_si128((__m128i *) (integers + i), _mm512_cvtepi32_epi8(rounded(from + i, factor)));
            scale = _cvtsh_ss(_cvtss_sh(largest / 127.0f, _MM_FROUND_TO_NEAREST_INT));
        } else {
            scale = integersQ8(from, integers);
        }
        const __m256i ones = _mm256_set1_epi8(1), sums = _mm256_dpbusd_epi32(_mm256_setzero_si256(), ones, _mm256_loadu_si256((const __m256i *) integers));
        to[words] = -128 * _mm512_reduce_add_epi32(_mm512_zextsi256_si512(sums));
        return scale;
    }

    FOLKMOOT_VNNI static void pack(const float * q, void * to) {
        for (int64_t i = 0; i < block; i += lane) {
            const __m512i whole = _mm512_add_epi32(_mm512_cvtps_epi32(_mm512_loadu_ps(q + i)), _mm512_set1_epi32(128));
            _mm_storeu_si128((__m128i *) ((uint8_t *) to + i), _mm512_cvtepi32_epi8(whole));
        }
    }
    FOLKMOOT_VNNI static void packBytes(const uint8_t * q, void * to) {
        _mm256_storeu_si256((__m256i *) to, _mm256_xor_si256(_mm256_loadu_si256((const __m256i *) q), _mm256_set1_epi8((char) 0x80)));
    }
};

// Blocks of 256 in 16 bits, inner scales multiplied in. Minimums multiply the sums of 16 numbers of x: 16 products more.
template <bool mins>
struct Sixteen {
    static constexpr int64_t block = q8KBlock, words = 128, sumWords = 8;
    static constexpr bool hasMins = mins;
    FOLKMOOT_VNNI static __m512i add(__m512i sum, __m512i weights, __m512i x) {
        asm("vpdpwssd %2, %1, %0" : "+v"(sum) : "v"(weights), "v"(x));
        return sum;
    }

    // As integersQ8K, with the sums of every 16 behind it.
    FOLKMOOT_VNNI static float round(const float * from, int32_t * to) {
        int8_t integers[block];
        int16_t * wide = (int16_t *) to, * sums = wide + block;
        to[words + sumWords] = 0;
        const int32_t bits = largestBits(from, block);
        float scale;
        if (isUsual(bits)) {
            const __m512i largest = _mm512_set1_epi32(bits), magnitude = _mm512_set1_epi32(0x7fffffff);
            int64_t first = 0;
            __mmask16 found = 0;
            for (; (found = _mm512_cmpeq_epi32_mask(_mm512_and_si512(_mm512_loadu_si512(from + first), magnitude), largest)) == 0; first += lane) {}
            const float factor = -127.0f / from[first + __builtin_ctz(found)];
            for (int64_t i = 0; i < block; i += lane) _mm_storeu_si128((__m128i *) (integers + i), _mm512_cvtepi32_epi8(rounded(from + i, factor)));
            scale = 1.0f / factor;
        } else {
            scale = integersQ8K(from, integers);
        }
        for (int64_t i = 0; i < block; i += lane) {
            const __m512i q = _mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *) (integers + i)));
            _mm256_storeu_si256((__m256i *) (wide + i), _mm512_cvtepi32_epi16(q));
            sums[i / lane] = (int16_t) _mm512_reduce_add_epi32(q);
        }
        return scale;
    }

    FOLKMOOT_VNNI static void pack(const float * q, void * to) {
        for (int64_t i = 0; i < block; i += lane)
            _mm256_storeu_si256((__m256i *) ((int16_t *) to + i), _mm512_cvtepi32_epi16(_mm512_cvtps_epi32(_mm512_loadu_ps(q + i))));
    }
};

template <typename Form>
struct Layout {
    static constexpr int64_t correction = Form::words + Form::sumWords, rowWords = correction + 2;
    static constexpr int64_t weightWords = Form::words + (Form::hasMins ? Form::sumWords : 0), panelWords = weightWords + (Form::hasMins ? 2 : 1);
};

template <typename Form>
void convertRow(const float * from, void * target, int64_t count) {
    int32_t * to = (int32_t *) target;
    for (int64_t i = 0; i < count; i += Form::block, to += Layout<Form>::rowWords) {
        const float scale = Form::round(from + i, to);
        std::memcpy(to + Layout<Form>::correction + 1, &scale, sizeof(scale));
    }
}

// Sixteen rows of weights become sixteen columns of a panel.
template <typename Form>
FOLKMOOT_VNNI void fillSixteen(const int32_t * rows, int64_t rowStride, int64_t words, int64_t width, int32_t * panel) {
    for (int64_t first = 0; first < words; first += lane) {
        __m512i r[16];
        for (int i = 0; i < 16; i++) r[i] = _mm512_maskz_loadu_epi32(within(words - first), rows + i * rowStride + first);
        transpose(r);
        for (int64_t i = 0; i < std::min(lane, words - first); i++) {
            const int64_t step = (first + i) / Layout<Form>::weightWords, word = (first + i) % Layout<Form>::weightWords;
            _mm512_storeu_si512(panel + (step * Layout<Form>::panelWords + word) * width, r[i]);
        }
    }
}

// Blocks of a row of weights that lie as they are multiplied, a scale before them.
template <typename Form>
FOLKMOOT_VNNI void packPlainRow(const uint8_t * weights, int64_t blocks, int32_t * to, float * scales, int64_t width) {
    using L = Layout<Form>;
    uint16_t half;
    for (int64_t b = 0; b < blocks; b++, weights += sizeof(half) + Form::block, to += L::weightWords, scales += L::panelWords * width) {
        std::memcpy(&half, weights, sizeof(half));
        *scales = _cvtsh_ss(half);
        Form::packBytes(weights + sizeof(half), to);
    }
}

// Blocks of a row of weights: their words to `to`, their scales to a column of a panel.
template <typename Form>
FOLKMOOT_VNNI void packRow(const IntegerForm & form, ggml_type type, const uint8_t * weights, int64_t blocks, int32_t * to, float * scales, int64_t width) {
    using L = Layout<Form>;
    if constexpr (Form::block == q8Block) {
        if (form.isPlain) return packPlainRow<Form>(weights, blocks, to, scales, width);
    }
    thread_local IntegerRow row;
    row.decode(form, type, weights, blocks);
    for (int64_t b = 0; b < blocks; b++, to += L::weightWords, scales += L::panelWords * width) {
        Form::pack(row.values.data() + b * Form::block, to);
        scales[0] = row.scales[b];
        if (!Form::hasMins) continue;
        scales[width] = row.minScales[b];
        std::memcpy(to + Form::words, row.mins.data() + 16 * b, 16 * sizeof(int16_t));
    }
}

template <typename Form>
FOLKMOOT_VNNI void fillPanel(const PanelSource & matrix, bool, int64_t first, int64_t width, int64_t start, int64_t depth, KernelScratch & scratch, void * target) {
    using L = Layout<Form>;
    const IntegerForm & form = *integerForm(matrix.type);
    const int64_t blocks = depth / Form::block, words = blocks * L::weightWords;
    const uint8_t * rows = (const uint8_t *) matrix.data + ggml_row_size(matrix.type, start);
    scratch.words.resize((size_t) (lane * words));
    int32_t * panel = (int32_t *) target;
    for (int64_t n = 0; n < width; n += lane) {
        const int64_t exist = std::clamp<int64_t>(matrix.rows - first - n, 0, lane);
        if (exist < lane) {
            // Columns beyond the matrix are 0: words and scales.
            std::fill(scratch.words.begin(), scratch.words.end(), 0);
            for (int64_t b = 0; b < blocks; b++)
                for (int64_t w = L::weightWords; w < L::panelWords; w++) std::memset(panel + (b * L::panelWords + w) * width + n, 0, lane * sizeof(float));
        }
        for (int64_t i = 0; i < exist; i++)
            packRow<Form>(form, matrix.type, rows + (first + n + i) * matrix.stride, blocks, scratch.words.data() + i * words,
                          (float *) (panel + L::weightWords * width) + n + i, width);
        fillSixteen<Form>(scratch.words.data(), words, words, width, panel + n);
    }
}

// What `Words` words of a block add to the sums: integers first, which stay in registers.
template <typename Form, int Registers, int Rows, int64_t Words>
FOLKMOOT_VNNI inline __attribute__((always_inline)) void addBlock(__m512 (&sum)[Rows][Registers], const Stripe & s, const int32_t * words, const float * scales, const int32_t * x,
                                                                  const int32_t * from, float sign) {
    using L = Layout<Form>;
    __m512i block[Rows][Registers];
#pragma GCC unroll 24
    for (int i = 0; i < Rows; i++) {
#pragma GCC unroll 4
        for (int j = 0; j < Registers; j++) block[i][j] = _mm512_set1_epi32(x[i * s.xStride + L::correction]);
    }
    for (int64_t word = 0; word < Words; word++, words += s.panelWidth, from++) {
        __m512i w[Registers];
#pragma GCC unroll 4
        for (int j = 0; j < Registers; j++) w[j] = _mm512_loadu_si512(words + j * lane);
#pragma GCC unroll 24
        for (int i = 0; i < Rows; i++) {
            const __m512i both = _mm512_set1_epi32(from[i * s.xStride]);
#pragma GCC unroll 4
            for (int j = 0; j < Registers; j++) block[i][j] = Form::add(block[i][j], w[j], both);
        }
    }
#pragma GCC unroll 24
    for (int i = 0; i < Rows; i++) {
        float scale;
        std::memcpy(&scale, x + i * s.xStride + L::correction + 1, sizeof(scale));
        const __m512 ofRow = _mm512_set1_ps(sign * scale);
#pragma GCC unroll 4
        for (int j = 0; j < Registers; j++)
            sum[i][j] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(block[i][j]), _mm512_mul_ps(ofRow, _mm512_loadu_ps(scales + j * lane)), sum[i][j]);
    }
}

// `Rows` rows of X by `Registers` registers of columns.
template <typename Form, int Registers, int Rows>
FOLKMOOT_VNNI void tile(const Stripe & s, int64_t row) {
    using L = Layout<Form>;
    const int32_t * x = (const int32_t *) s.x + row * s.xStride;
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
    const int64_t width = s.panelWidth;
    const int32_t * panel = (const int32_t *) s.panel;
    for (int64_t k = 0; k < s.depth; k += Form::block, panel += L::panelWords * width, x += L::rowWords) {
        const float * scales = (const float *) (panel + L::weightWords * width);
        addBlock<Form, Registers, Rows, Form::words>(sum, s, panel, scales, x, x, 1.0f);
        if constexpr (Form::hasMins) addBlock<Form, Registers, Rows, Form::sumWords>(sum, s, panel + Form::words * width, scales + width, x, x + Form::words, -1.0f);
    }
#pragma GCC unroll 24
    for (int i = 0; i < Rows; i++) {
#pragma GCC unroll 4
        for (int j = 0; j < Registers; j++) _mm512_mask_storeu_ps(c + i * s.cStride + j * lane, masks[j], sum[i][j]);
    }
}

// Blocks of 32 keep two kinds of sums in registers.
template <typename Form>
struct Tile {
    static constexpr int sums = Form::block == q8Block ? 12 : 24;
    template <int Registers, int Rows>
    static void compute(const Stripe & s, int64_t row) { tile<Form, Registers, Rows>(s, row); }
};

template <typename Form>
constexpr Kernels kernelsOf{"vnni", GGML_TYPE_I32, Form::block, Layout<Form>::rowWords, 4 * Layout<Form>::panelWords, fillPanel<Form>, multiplyInTiles<Tile<Form>>, convertRow<Form>, nullptr};

}  // namespace

const Kernels * integerKernels(ggml_type weight) {
    static const bool has = hasAvx512() && __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("fma");
    const IntegerForm * form = integerForm(weight);
    if (!has || form == nullptr) return nullptr;
    if (form->block == Eight::block) return &kernelsOf<Eight>;
    return form->hasMins ? &kernelsOf<Sixteen<true>> : &kernelsOf<Sixteen<false>>;
}

#else

const Kernels * integerKernels(ggml_type) { return nullptr; }

#endif
