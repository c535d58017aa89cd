// How llama.cpp's CPU backend rounds X before it multiplies with a weight: every weight type has its partner
// (`vec_dot_type` in ggml-cpu.c). Portable functions on memory; they give the bits that ggml's own give.
#pragma once
#include <ggml.h>

#include <cstdint>

enum class Rounding {
    none,
    f16,
    bf16,
    q8,   // 8 bits and an F16 scale for 32 numbers: Q8_0
    q8K,  // 8 bits and an F32 scale for 256 numbers: Q8_K
};

// Q8_1, the partner of Q4_1 and Q5_1, counts as `q8`: its 8 bits are the same, its sum has a rounding of its own.
Rounding servedRounding(ggml_type weight);

constexpr int64_t q8Block = 32, q8KBlock = 256;

// One block in 8 bits: the integers, −127 … 127, to `to`, and their scale as the result. NaN where an input is not finite.
float integersQ8(const float * from, int8_t * to);
float integersQ8K(const float * from, int8_t * to);

// `count` F32 to the F32 that rounding leaves; a whole number of blocks.
using RoundRow = void (*)(const float * from, void * to, int64_t count);
void roundToF16(const float * from, void * to, int64_t count);
void roundToBf16(const float * from, void * to, int64_t count);
void roundToQ8(const float * from, void * to, int64_t count);
void roundToQ8K(const float * from, void * to, int64_t count);
