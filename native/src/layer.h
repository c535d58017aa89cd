// One transformer block, forward and backward, written by hand from operations that every backend has
// (facts on ggml's autograd: it de-quantizes every frozen weight once per token).
#pragma once
#include <map>
#include <vector>

#include "device.h"
#include "model.h"
#include "packing.h"

// One mask per attention block.
struct MaskSet {
    std::vector<ggml_tensor *> prefix, segment;    // F32 [paddedKeys, queries]
};

// What the graphs of one pass share: row ranges, positions, masks, scratch. Tensors live outside the graphs.
struct PassInputs {
    const Packing * packing = nullptr;
    ggml_tensor * positions = nullptr;             // I32 [rows]
    ggml_tensor * queryScales = nullptr;           // F32 [1, 1, rows]; null where the architecture has none
    std::map<int64_t, MaskSet> masks;              // by sliding window, 0 = none
    ggml_tensor * keyPadding = nullptr;            // F32 zeros [headSize, kvHeads, 15]
    ggml_tensor * attentionGradients[3] = {};      // scratch for dq, dk, dv: F32 [heads·headSize | kv, rows]
};

// The results of a block that backward reads. Kept in memory from forward, or computed again from `input`.
// Rows: everything but input, k and v covers `queryRows`; those cover all rows.
struct Activations {
    ggml_tensor * input = nullptr;                 // [embedding, rows]
    ggml_tensor * rawQuery = nullptr;              // [heads·headSize, queryRows] before its norm, where there is one
    ggml_tensor * rawKey = nullptr;                // [kvHeads·headSize, rows]
    ggml_tensor * q = nullptr;                     // [headSize, heads, queryRows], rotated
    ggml_tensor * k = nullptr;                     // [headSize, kvHeads, rows], rotated
    ggml_tensor * v = nullptr;                     // [headSize, kvHeads, rows]
    std::vector<ggml_tensor *> probabilities;      // [paddedKeys, queries, heads] per block
    ggml_tensor * attended = nullptr;              // [heads·headSize, queryRows]; storage of the caller, zeroed
    ggml_tensor * attentionOutput = nullptr;       // [embedding, queryRows] before its post-norm, where there is one
    ggml_tensor * middle = nullptr;                // [embedding, queryRows], the residual after attention
    ggml_tensor * gate = nullptr;                  // [feedForward, queryRows]
    ggml_tensor * up = nullptr;
    ggml_tensor * feedForwardOutput = nullptr;     // [embedding, queryRows] before its post-norm, where there is one
};

class LayerGraph {
  public:
    // In the last block only segment rows are needed after attention.
    LayerGraph(GraphRunner & runner, const Model & model, const PassInputs & inputs, int64_t layer, bool adapter);

    int64_t queryStart() const { return segmentsOnly_ ? inputs_.packing->prefixRows : 0; }
    int64_t queryRows() const { return inputs_.packing->rows - queryStart(); }

    // Adds the block's forward; fills `a` (a.input and a.attended given). Returns its output [embedding, queryRows], not
    // yet expanded: a recomputation does not need it.
    ggml_tensor * forward(Activations & a);
    // Adds its backward: gradients of the adapter are added to theirs. `dOutput` [embedding, queryRows].
    // Returns dInput [embedding, rows], or null when `needInput` is false.
    ggml_tensor * backward(const Activations & a, ggml_tensor * dOutput, bool needInput);

  private:
    // linear.cpp
    // Of linears that read one input, in the model's order: one product with the A of all their pairs.
    std::vector<ggml_tensor *> apply(const std::vector<const Linear *> & linears, ggml_tensor * x);
    ggml_tensor * apply(const Linear & linear, ggml_tensor * x) { return apply(std::vector<const Linear *>{&linear}, x)[0]; }
    // The gradient of x, one dY for each linear; null when `needInput` is false. Gradients of weights are added to theirs.
    ggml_tensor * applyBack(const std::vector<const Linear *> & linears, const std::vector<ggml_tensor *> & dys, ggml_tensor * x, bool needInput);
    ggml_tensor * applyBack(const Linear & linear, ggml_tensor * dy, ggml_tensor * x, bool needInput) { return applyBack(std::vector<const Linear *>{&linear}, {dy}, x, needInput); }

    // The pairs of such linears: rows of their group.
    struct LoraRows {
        std::vector<const LoraPair *> pairs;
        ggml_tensor * a = nullptr;       // [in, ranks]
        ggml_tensor * gradA = nullptr;
        ggml_tensor * scales = nullptr;  // [ranks]
    };
    LoraRows loraOf(const std::vector<const Linear *> & linears);
    ggml_tensor * reduced(const Kernels * kernels, const LoraRows & lora, ggml_tensor * x);
    ggml_tensor * columnsOf(ggml_tensor * h, const LoraRows & lora, const LoraPair & pair);
    ggml_tensor * loraBack(const Kernels * kernels, const LoraRows & lora, const std::vector<ggml_tensor *> & dys, ggml_tensor * x);
    void baseBack(const Kernels * kernels, const Linear & linear, ggml_tensor * dy, ggml_tensor * x);
    ggml_tensor * turnedOnce(ggml_tensor * x);
    ggml_tensor * rowsFor(const Kernels & kernels, ggml_tensor * x);
    ggml_tensor * norm(ggml_tensor * x, ggml_tensor * weight);
    ggml_tensor * normBack(ggml_tensor * dy, ggml_tensor * x, ggml_tensor * weight);
    ggml_tensor * multiply(ggml_tensor * a, ggml_tensor * b);
    // By ggml's own products where `kernels` is null.
    ggml_tensor * product(const Kernels * kernels, ggml_tensor * matrix, ggml_tensor * x);
    ggml_tensor * turnedProduct(const Kernels * kernels, ggml_tensor * matrix, ggml_tensor * x);
    ggml_tensor * productOverRows(const Kernels * kernels, ggml_tensor * x, ggml_tensor * y);
    ggml_tensor * turned(ggml_tensor * x);
    ggml_tensor * rowsOf(ggml_tensor * x, int64_t start, int64_t count);
    ggml_tensor * columnsOf(ggml_tensor * x, int64_t start, int64_t count);

    // attention.cpp
    void project(Activations & a, ggml_tensor * normed);
    ggml_tensor * projectBack(const Activations & a, ggml_tensor * normed, bool needInput);
    ggml_tensor * heads(ggml_tensor * raw, ggml_tensor * weight, int64_t count);
    ggml_tensor * headsBack(ggml_tensor * dHeads, ggml_tensor * raw, ggml_tensor * weight);
    ggml_tensor * rotate(ggml_tensor * x, ggml_tensor * positions, bool back);
    ggml_tensor * tempered(ggml_tensor * queries, int64_t start);
    ggml_tensor * queryPositions();
    size_t blocks() const;
    const AttentionBlock & block(size_t index) const;
    ggml_tensor * mask(size_t index) const;
    ggml_tensor * keysOf(const AttentionBlock & block, ggml_tensor * kOrV);
    ggml_tensor * headed(ggml_tensor * keysOrValues);
    ggml_tensor * queriesOf(const AttentionBlock & block, ggml_tensor * q);
    ggml_tensor * cappedScores(ggml_tensor * scores);
    void attend(size_t index, Activations & a);
    ggml_tensor * scoresBack(size_t index, const Activations & a, ggml_tensor * dProbabilities);
    void attendBack(size_t index, const Activations & a, ggml_tensor * dAttended);

    // layer.cpp
    ggml_tensor * activate(ggml_tensor * gate);
    ggml_tensor * exactGelu(ggml_tensor * x);
    ggml_tensor * activateBack(ggml_tensor * dy, ggml_tensor * gate);
    ggml_tensor * hidden(const Activations & a);
    void feedForward(Activations & a);
    ggml_tensor * feedForwardBack(const Activations & a, ggml_tensor * dOutput);
    ggml_tensor * residual(ggml_tensor * branch, ggml_tensor * postNorm, ggml_tensor * stream);
    ggml_tensor * residualBack(ggml_tensor * dOutput, ggml_tensor * branch, ggml_tensor * postNorm);

    GraphRunner & runner_;
    ggml_context * c_;
    const Model & model_;
    const Shape & shape_;
    const Architecture & architecture_;
    const PassInputs & inputs_;
    const Layer & layer_;
    const LayerTraits & traits_;
    bool segmentsOnly_;
    bool adapter_;
    // Of attention. Forward it is F32, as it is for llama.cpp; null where ggml's own products are used.
    const Kernels * forwardKernels_ = nullptr;
    const Kernels * backwardKernels_ = nullptr;
    bool tableGelu_ = true;
    // x and xᵀ: q, k, v share one input, gate and up another.
    ggml_tensor * lastTurned_ = nullptr;
    ggml_tensor * lastTurnedResult_ = nullptr;
    // Rows as the kernels of some linear read them.
    std::map<std::pair<const Kernels *, ggml_tensor *>, ggml_tensor *> productRows_;
};
