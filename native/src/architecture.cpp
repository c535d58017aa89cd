#include "architecture.h"

#include <cmath>

#include "failure.h"

namespace {
// Widest layer count and embedding a GGUF may claim; far above any dense model, far below what would exhaust memory.
constexpr double maxLayers = 1024, maxWidth = 1 << 20;

struct Metadata {
    const GgufFile & file;
    std::string name;

    double number(const char * key, double otherwise) const { return file.number(name + key, otherwise); }
    float real(const char * key, double otherwise) const { return (float) number(key, otherwise); }
    int64_t whole(const char * key, double lowest, double highest, double otherwise = -1) const {
        const double value = otherwise < 0 ? file.required(name + key) : number(key, otherwise);
        if (value < lowest || value > highest || value != std::floor(value)) throw corruptModel(file.path(), name + key + " is out of range");
        return (int64_t) value;
    }
};

using Fill = void (*)(Architecture &, const Metadata &, const Shape &);

// Layers see only a window, except every `pattern`-th; a pattern in the file wins.
void slidingWindow(Architecture & a, const Metadata & m, int64_t window, int64_t pattern, float base, float scale, bool plain) {
    if (window <= 0) return;
    const std::vector<double> listed = m.file.numbers(m.name + ".attention.sliding_window_pattern");
    if (listed.size() == 1) pattern = (int64_t) listed[0];
    if (listed.size() > 1 && listed.size() != a.layers.size()) throw corruptModel(m.file.path(), "the sliding window pattern does not fit the layers");
    for (size_t i = 0; i < a.layers.size(); i++) {
        const bool local = listed.size() > 1 ? listed[i] != 0 : pattern == 0 || (int64_t) i % pattern < pattern - 1;
        if (!local) continue;
        a.layers[i].window = window;
        a.layers[i].ropeBase = base;
        a.layers[i].ropeScale = scale;
        if (plain) a.layers[i].ropeExtrapolation = 0, a.layers[i].ropeAttention = 1;
    }
}

void mistral3(Architecture & a, const Metadata & m, const Shape &) {
    a.temperature = (float) m.number(".attention.temperature_scale", 0);
}

void smollm3(Architecture & a, const Metadata &, const Shape &) {
    for (size_t i = 3; i < a.layers.size(); i += 4) a.layers[i].rope = false;
}

void qwen3(Architecture & a, const Metadata &, const Shape &) { a.queryKeyNorm = QueryKeyNorm::perHead; }

void gemma(Architecture & a, const Metadata &, const Shape & s) {
    a.activation = Activation::gelu;
    a.embeddingScale = std::sqrt((float) s.embedding);
    a.attentionScale = 1.0f / std::sqrt((float) s.headSize);
}

// Of the 27 B models the scale of the attention follows the width, not the head (gemma_pytorch, config.py).
void gemmaLarge(Architecture & a, const Shape & s, int64_t layersOfLarge) {
    if (s.layers == layersOfLarge) a.attentionScale = 1.0f / std::sqrt((float) (s.embedding / s.heads));
}

void gemma2(Architecture & a, const Metadata & m, const Shape & s) {
    gemma(a, m, s);
    gemmaLarge(a, s, 46);
    a.postNorms = true;
    a.attentionSoftcap = m.real(".attn_logit_softcapping", 50);
    a.logitSoftcap = m.real(".final_logit_softcapping", 30);
    const LayerTraits global = a.layers[0];
    slidingWindow(a, m, m.whole(".attention.sliding_window", 0, 1e9, 4096), 2, m.real(".rope.freq_base_swa", global.ropeBase), global.ropeScale, false);
}

void gemma3(Architecture & a, const Metadata & m, const Shape & s) {
    gemma(a, m, s);
    gemmaLarge(a, s, 62);
    a.postNorms = true;
    a.queryKeyNorm = QueryKeyNorm::perHead;
    a.logitSoftcap = m.real(".final_logit_softcapping", 0);
    slidingWindow(a, m, m.whole(".attention.sliding_window", 0, 1e9, 0), 6, m.real(".rope.freq_base_swa", 10000), 1, false);
}

void granite(Architecture & a, const Metadata & m, const Shape &) {
    a.logitScale = (float) (1.0 / m.file.required(m.name + ".logit_scale"));
    const auto orOne = [&](const char * key) { const float value = m.real(key, 0); return value == 0 ? 1.0f : value; };
    a.residualScale = orOne(".residual_scale");
    a.embeddingScale = orOne(".embedding_scale");
    if (m.number(".rope.scaling.finetuned", 1) == 0)
        for (LayerTraits & layer : a.layers) layer.rope = false;
}

void olmo2(Architecture & a, const Metadata & m, const Shape &) {
    a.preNorms = false;
    a.postNorms = true;
    a.queryKeyNorm = QueryKeyNorm::whole;
    slidingWindow(a, m, m.whole(".attention.sliding_window", 0, 1e9, 0), 4, m.real(".rope.freq_base_swa", a.layers[0].ropeBase), 1, true);
}

struct Entry {
    const char * name;
    int ropeMode;
    Fill fill;
};
const Entry entries[] = {
    {"llama", GGML_ROPE_TYPE_NORMAL, nullptr},     {"mistral3", GGML_ROPE_TYPE_NORMAL, mistral3}, {"smollm3", GGML_ROPE_TYPE_NORMAL, smollm3},
    {"qwen2", GGML_ROPE_TYPE_NEOX, nullptr},       {"qwen3", GGML_ROPE_TYPE_NEOX, qwen3},         {"gemma", GGML_ROPE_TYPE_NEOX, gemma},
    {"gemma2", GGML_ROPE_TYPE_NEOX, gemma2},       {"gemma3", GGML_ROPE_TYPE_NEOX, gemma3},       {"phi3", GGML_ROPE_TYPE_NEOX, nullptr},
    {"granite", GGML_ROPE_TYPE_NORMAL, granite},   {"olmo2", GGML_ROPE_TYPE_NEOX, olmo2},
};

const Entry & entryOf(const GgufFile & file, const std::string & name) {
    for (const Entry & entry : entries)
        if (name == entry.name) return entry;
    throw unsupportedModel(file.path(), "its architecture is `" + name + "`");
}

Shape readShape(const Metadata & m) {
    Shape s{};
    s.layers = m.whole(".block_count", 1, maxLayers);
    s.embedding = m.whole(".embedding_length", 1, maxWidth);
    s.feedForward = m.whole(".feed_forward_length", 1, maxWidth);
    s.heads = m.whole(".attention.head_count", 1, maxWidth);
    s.kvHeads = m.whole(".attention.head_count_kv", 1, maxWidth, (double) s.heads);
    s.headSize = m.whole(".attention.key_length", 1, maxWidth, (double) (s.embedding / s.heads));
    s.context = m.whole(".context_length", 1, 1e9, 2048);
    s.ropeDimensions = m.whole(".rope.dimension_count", 1, maxWidth, (double) s.headSize);
    if (s.heads % s.kvHeads != 0) throw corruptModel(m.file.path(), "head_count is no multiple of head_count_kv");
    if (m.whole(".attention.value_length", 1, maxWidth, (double) s.headSize) != s.headSize)
        throw unsupportedModel(m.file.path(), "keys and values have different lengths");
    if (s.ropeDimensions > s.headSize || s.ropeDimensions % 2 != 0) throw corruptModel(m.file.path(), "rope.dimension_count does not fit the head size");
    s.epsilon = (float) m.file.required(m.name + ".attention.layer_norm_rms_epsilon");
    if (!(s.epsilon > 0)) throw corruptModel(m.file.path(), "the epsilon of the norms is not positive");
    return s;
}

// Linear, YaRN and long-rope scaling as llama.cpp applies them (llama-context.cpp, `yarn_attn_factor`).
LayerTraits readRope(const Metadata & m, Architecture & a) {
    LayerTraits rope;
    rope.ropeBase = m.real(".rope.freq_base", 10000);
    if (!(rope.ropeBase > 0)) throw corruptModel(m.file.path(), "rope.freq_base is not positive");
    const std::string scaling = m.file.text(m.name + ".rope.scaling.type", "linear");
    if (scaling != "linear" && scaling != "none" && scaling != "yarn" && scaling != "longrope")
        throw unsupportedModel(m.file.path(), "its rope scaling is `" + scaling + "`");
    const double factor = m.number(".rope.scaling.factor", m.number(".rope.scale_linear", 0));
    rope.ropeScale = factor == 0 || scaling == "none" ? 1.0f : (float) (1.0 / factor);
    if (scaling == "yarn") {
        rope.ropeExtrapolation = 1;
        const double stretch = 1.0 / rope.ropeScale, logMultiplier = m.number(".rope.scaling.yarn_log_multiplier", 0);
        const auto magnitude = [&](double multiplier) { return stretch <= 1 ? 1.0 : 0.1 * multiplier * std::log(stretch) + 1.0; };
        const double attention = logMultiplier == 0 ? magnitude(1) : magnitude(1) / magnitude(logMultiplier);
        rope.ropeAttention = (float) (attention / (1.0 + 0.1 * std::log(stretch)));
        a.betaFast = m.real(".rope.scaling.yarn_beta_fast", 32);
        a.betaSlow = m.real(".rope.scaling.yarn_beta_slow", 1);
    }
    rope.ropeAttention *= m.real(".rope.scaling.attn_factor", 1);
    return rope;
}
}  // namespace

Architecture describeArchitecture(const GgufFile & file, Shape & shape) {
    if (file.text("general.type", "model") == "adapter") throw unsupportedModel(file.path(), "it is an adapter, not a model");
    const Metadata m{file, file.text("general.architecture", "")};
    if (m.name.empty()) throw corruptModel(file.path(), "general.architecture is missing");
    const Entry & entry = entryOf(file, m.name);
    if (m.number(".expert_count", 0) > 0) throw unsupportedModel(file.path(), "it is a mixture of experts");
    shape = readShape(m);

    Architecture a;
    a.name = m.name;
    a.ropeMode = entry.ropeMode;
    a.originalContext = m.whole(".rope.scaling.original_context_length", 1, 1e9, (double) shape.context);
    const double scale = m.number(".attention.scale", 0);
    a.attentionScale = scale == 0 ? 1.0f / std::sqrt((float) shape.headSize) : (float) scale;
    a.layers.assign((size_t) shape.layers, readRope(m, a));
    if (entry.fill != nullptr) entry.fill(a, m, shape);
    return a;
}

float Architecture::queryScale(int64_t position) const {
    return temperature == 0 ? 1.0f : 1.0f + temperature * std::log(1.0f + (float) (position / originalContext));
}
