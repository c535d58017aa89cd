// What one architecture does differently from another, as data: one engine computes them all. A newcomer is a line in
// the table of architecture.cpp, a function that fills in the differences, and a reference case.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "gguf_file.h"

struct Shape {
    int64_t layers, embedding, feedForward, heads, kvHeads, headSize, vocabulary, context;
    int64_t ropeDimensions;
    float epsilon;
};

enum class Activation { silu, gelu };
// RMS norm of queries and keys: of every head apart (Qwen 3, Gemma 3), or of the whole projected vector (OLMo 2).
enum class QueryKeyNorm { none, perHead, whole };

struct LayerTraits {
    bool rope = true;
    float ropeBase = 10000, ropeScale = 1, ropeExtrapolation = 0, ropeAttention = 1;
    // A key is seen while query position − key position < window; 0 = always.
    int64_t window = 0;
};

struct Architecture {
    std::string name;
    int ropeMode = 0;  // ggml's: pairs (2i, 2i+1), or halves (NEOX)
    Activation activation = Activation::silu;
    QueryKeyNorm queryKeyNorm = QueryKeyNorm::none;
    bool preNorms = true, postNorms = false;
    float embeddingScale = 1, residualScale = 1, logitScale = 1;
    float attentionScale = 1, attentionSoftcap = 0, logitSoftcap = 0;
    int64_t originalContext = 0;  // of YaRN and long-rope
    float betaFast = 32, betaSlow = 1;
    // Queries at position p are multiplied by 1 + temperature·ln(1 + ⌊p / originalContext⌋) after the rotation (Mistral 3).
    float temperature = 0;
    std::vector<LayerTraits> layers;
    float queryScale(int64_t position) const;
};

// Reads shape and traits. Throws `model-unsupported` naming what is not known, `model-corrupt` for nonsense.
Architecture describeArchitecture(const GgufFile & file, Shape & shape);
