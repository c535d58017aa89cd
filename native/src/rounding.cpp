#include "rounding.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

Rounding servedRounding(ggml_type weight) {
    switch (weight) {
        case GGML_TYPE_F32: return Rounding::none;
        case GGML_TYPE_F16: return Rounding::f16;
        case GGML_TYPE_BF16: return Rounding::bf16;
        default: return ggml_blck_size(weight) == q8KBlock ? Rounding::q8K : Rounding::q8;
    }
}

namespace {
// The largest |x|; infinite or NaN where one is. Bits of |x| are ordered as the numbers are, and NaN lies above them all.
float largestOf(const float * from, int64_t count) {
    int32_t largest = 0;
    for (int64_t i = 0; i < count; i++) {
        int32_t bits;
        std::memcpy(&bits, from + i, sizeof(bits));
        largest = std::max(largest, bits & 0x7fffffff);
    }
    float number;
    std::memcpy(&number, &largest, sizeof(number));
    return number;
}

// To the nearest integer, ties to even, as long as |x| < 2²².
void scaleAndRound(const float * from, float factor, int8_t * to, int64_t count) {
    constexpr float shift = 12582912.0f;
    for (int64_t i = 0; i < count; i++) to[i] = (int8_t) (int32_t) ((from[i] * factor + shift) - shift);
}

// All 0, with a scale that says why: 0 where there is nothing to scale, NaN where an input is not finite.
float zeros(float largest, int8_t * to, int64_t count) {
    std::memset(to, 0, (size_t) count);
    return std::isfinite(largest) ? 0.0f : std::numeric_limits<float>::quiet_NaN();
}

template <float (*integers)(const float *, int8_t *), int64_t block>
void roundRow(const float * from, void * target, int64_t count) {
    float * to = (float *) target;
    int8_t rounded[block];
    for (int64_t start = 0; start < count; start += block) {
        const float scale = integers(from + start, rounded);
        for (int64_t i = 0; i < block; i++) to[start + i] = scale * (float) rounded[i];
    }
}

// By way of another type, in pieces that stay in the cache.
template <typename Narrow, void (*narrow)(const float *, Narrow *, int64_t), void (*widen)(const Narrow *, float *, int64_t)>
void roundBy(const float * from, void * to, int64_t count) {
    constexpr int64_t piece = 256;
    Narrow narrowed[piece];
    for (int64_t start = 0; start < count; start += piece) {
        const int64_t n = std::min(piece, count - start);
        narrow(from + start, narrowed, n);
        widen(narrowed, (float *) to + start, n);
    }
}
}  // namespace

float integersQ8(const float * from, int8_t * to) {
    const float largest = largestOf(from, q8Block), factor = 127.0f / largest;
    if (largest == 0 || !std::isfinite(largest) || !std::isfinite(factor)) return zeros(largest, to, q8Block);
    scaleAndRound(from, factor, to, q8Block);
    return ggml_fp16_to_fp32(ggml_fp32_to_fp16(largest / 127.0f));
}

float integersQ8K(const float * from, int8_t * to) {
    const float largest = largestOf(from, q8KBlock);
    // The first of the largest becomes −127.
    const float * first = std::find_if(from, from + q8KBlock, [&](float x) { return std::fabs(x) == largest; });
    const float factor = first == from + q8KBlock ? 0.0f : -127.0f / *first;
    if (largest == 0 || !std::isfinite(largest) || !std::isfinite(factor)) return zeros(largest, to, q8KBlock);
    scaleAndRound(from, factor, to, q8KBlock);
    return 1.0f / factor;
}

void roundToF16(const float * from, void * to, int64_t count) { roundBy<ggml_fp16_t, ggml_fp32_to_fp16_row, ggml_fp16_to_fp32_row>(from, to, count); }

void roundToBf16(const float * from, void * to, int64_t count) { roundBy<ggml_bf16_t, ggml_fp32_to_bf16_row, ggml_bf16_to_fp32_row>(from, to, count); }

void roundToQ8(const float * from, void * to, int64_t count) { roundRow<integersQ8, q8Block>(from, to, count); }

void roundToQ8K(const float * from, void * to, int64_t count) { roundRow<integersQ8K, q8KBlock>(from, to, count); }
