#include "integer_weights.h"

#include <cstring>

namespace {
// Layouts of ggml-common.h (block_q4_K …), by their comments there.
constexpr size_t q2ScalesAt = 0, q45ScalesAt = 4;

// Q2_K: the upper 4 bits of a scale byte are the minimum of 16 weights.
void minsOfQ2(const uint8_t * block, int16_t * sixteen) {
    for (int i = 0; i < 16; i++) sixteen[i] = block[q2ScalesAt + i] >> 4;
}

// Q4_K, Q5_K: twelve bytes hold eight scales and eight minimums of 6 bits, each minimum for 32 weights.
void minsOfQ45(const uint8_t * block, int16_t * sixteen) {
    const uint8_t * packed = block + q45ScalesAt;
    for (int j = 0; j < 8; j++) {
        const int min = j < 4 ? packed[j + 4] & 63 : (packed[j + 4] >> 4) | ((packed[j] >> 6) << 4);
        sixteen[2 * j] = sixteen[2 * j + 1] = (int16_t) min;
    }
}

constexpr IntegerForm plain(int64_t block, size_t scaleAt, float unit = 1) { return {block, scaleAt, unit, false, 0, false, nullptr}; }
constexpr IntegerForm q8{32, 0, 1, false, 0, true, nullptr}, first32 = plain(32, 0), first256 = plain(256, 0), fourths = plain(256, 0, 4), eighths = plain(256, 0, 8);
constexpr IntegerForm q2K{256, 80, 1, true, 82, false, minsOfQ2}, q3K = plain(256, 108), q45K{256, 0, 1, true, 2, false, minsOfQ45}, q6K = plain(256, 208);
constexpr IntegerForm ternary1 = plain(256, 52), ternary2 = plain(256, 64);

float halfAt(const uint8_t * bytes) {
    ggml_fp16_t half;
    std::memcpy(&half, bytes, sizeof(half));
    return ggml_fp16_to_fp32(half);
}

void setHalf(uint8_t * bytes, float value) {
    const ggml_fp16_t half = ggml_fp32_to_fp16(value);
    std::memcpy(bytes, &half, sizeof(half));
}
}  // namespace

const IntegerForm * integerForm(ggml_type type) {
    switch (type) {
        case GGML_TYPE_Q4_0: case GGML_TYPE_Q5_0: case GGML_TYPE_IQ4_NL: return &first32;
        case GGML_TYPE_Q8_0: return &q8;
        case GGML_TYPE_Q2_K: return &q2K;
        case GGML_TYPE_Q3_K: return &q3K;
        case GGML_TYPE_Q4_K: case GGML_TYPE_Q5_K: return &q45K;
        case GGML_TYPE_Q6_K: return &q6K;
        case GGML_TYPE_IQ4_XS: case GGML_TYPE_IQ3_S: return &first256;
        case GGML_TYPE_IQ3_XXS: return &fourths;
        case GGML_TYPE_IQ2_XXS: case GGML_TYPE_IQ2_XS: case GGML_TYPE_IQ2_S: case GGML_TYPE_IQ1_S: return &eighths;
        case GGML_TYPE_TQ1_0: return &ternary1;
        case GGML_TYPE_TQ2_0: return &ternary2;
        default: return nullptr;
    }
}

// With its scale set to `unit` and that of its minimums to 0, a block decodes to its integers.
void IntegerRow::decode(const IntegerForm & form, ggml_type type, const void * row, int64_t blocks) {
    const size_t size = ggml_type_size(type);
    bytes.assign((const uint8_t *) row, (const uint8_t *) row + (size_t) blocks * size);
    values.resize((size_t) (blocks * form.block));
    scales.resize((size_t) blocks);
    minScales.assign((size_t) blocks, 0.0f);
    mins.assign((size_t) (form.hasMins ? 16 * blocks : 0), 0);
    for (int64_t i = 0; i < blocks; i++) {
        uint8_t * block = bytes.data() + (size_t) i * size;
        scales[i] = halfAt(block + form.scaleAt) / form.unit;
        setHalf(block + form.scaleAt, form.unit);
        if (!form.hasMins) continue;
        minScales[i] = halfAt(block + form.minScaleAt);
        setHalf(block + form.minScaleAt, 0.0f);
        form.mins(block, mins.data() + 16 * i);
    }
    ggml_get_type_traits(type)->to_float(bytes.data(), values.data(), blocks * form.block);
}
