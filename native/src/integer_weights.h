// Quantized weights as the integers they are: w = scale·q − minScale·m, with one pair of scales a block.
#pragma once
#include <ggml.h>

#include <cstddef>
#include <cstdint>
#include <vector>

struct IntegerForm {
    int64_t block;       // weights that share a scale; 32: q fits 8 bits, 256: q, times its inner scale, fits 16
    size_t scaleAt;      // where a block keeps its F16 scale, bytes
    float unit;          // q is whole in units of scale / unit
    bool hasMins;
    size_t minScaleAt;
    // Whether q lies behind the scale as it is, a byte each: nothing to decode.
    bool isPlain;
    // The minimum m of every 16 weights of a block, 0 … 63.
    void (*mins)(const uint8_t * block, int16_t * sixteen);
};

// Null for types without one: F32, F16, BF16, and those whose scale is no F16 of its own (IQ1_M, MXFP4) or whose minimum
// multiplies a rounded sum (Q4_1, Q5_1).
const IntegerForm * integerForm(ggml_type type);

// Blocks of one row, decoded.
struct IntegerRow {
    std::vector<uint8_t> bytes;
    std::vector<float> values;      // q, exact
    std::vector<float> scales;      // a block
    std::vector<float> minScales;   // a block
    std::vector<int16_t> mins;      // 16 a block
    void decode(const IntegerForm & form, ggml_type type, const void * row, int64_t blocks);
};
