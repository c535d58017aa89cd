// One transformer block, forward and backward, written by hand from operations that every backend has
// (facts on ggml's autograd: it de-quantizes every frozen weight once per token).
#pragma once
#include <vector>

#include "device.h"
#include "model.h"
#include "packing.h"

// What the graphs of one pass share: row ranges, positions, masks, scratch. Tensors live outside the graphs.
struct PassInputs {
    const Packing * packing = nullptr;
    ggml_tensor * positions = nullptr;             // I32 [rows]
    std::vector<ggml_tensor *> prefixMasks;        // F32 [paddedKeys, queries] per prefix block
    std::vector<ggml_tensor *> segmentMasks;
    ggml_tensor * keyPadding = nullptr;            // F32 zeros [headSize, kvHeads, 15]
    ggml_tensor * attentionGradients[3] = {};      // scratch for dq, dk, dv: F32 [heads·headSize | kv, rows]
};

// The results of a block that backward reads. Kept in memory from forward, or computed again from `input`.
// Rows: q, attended, middle, gate, up cover `queryRows`; k, v cover all rows.
struct Activations {
    ggml_tensor * input = nullptr;                 // [embedding, rows]
    ggml_tensor * q = nullptr;                     // [headSize, heads, queryRows], rotated
    ggml_tensor * k = nullptr;                     // [headSize, kvHeads, rows], rotated
    ggml_tensor * v = nullptr;                     // [headSize, kvHeads, rows]
    std::vector<ggml_tensor *> probabilities;      // [paddedKeys, queries, heads] per block
    ggml_tensor * attended = nullptr;              // [heads·headSize, queryRows]; storage of the caller, zeroed
    ggml_tensor * middle = nullptr;                // [embedding, queryRows], the residual after attention
    ggml_tensor * gate = nullptr;                  // [feedForward, queryRows]
    ggml_tensor * up = nullptr;
};

class LayerGraph {
  public:
    // In the last block only segment rows are needed after attention: `segmentsOnly`.
    LayerGraph(GraphRunner & runner, const Model & model, const PassInputs & inputs, const Layer & layer, bool segmentsOnly, bool adapter);

    int64_t queryStart() const { return segmentsOnly_ ? inputs_.packing->prefixRows : 0; }
    int64_t queryRows() const { return inputs_.packing->rows - queryStart(); }
    size_t blocks() const { return inputs_.packing->segmentBlocks.size() + (segmentsOnly_ ? 0 : inputs_.packing->prefixBlocks.size()); }
    const AttentionBlock & block(size_t index) const;

    // Adds the block's forward; fills `a` (a.input and a.attended given). Returns its output [embedding, queryRows], not
    // yet expanded: a recomputation does not need it.
    ggml_tensor * forward(Activations & a);
    // Adds its backward: gradients of the adapter are added to theirs. `dOutput` [embedding, queryRows].
    // Returns dInput [embedding, rows], or null when `needInput` is false.
    ggml_tensor * backward(const Activations & a, ggml_tensor * dOutput, bool needInput);

  private:
    ggml_tensor * norm(ggml_tensor * x, ggml_tensor * weight);
    ggml_tensor * normBack(ggml_tensor * dy, ggml_tensor * x, ggml_tensor * weight);
    ggml_tensor * apply(const Linear & linear, ggml_tensor * x);
    ggml_tensor * applyBack(const Linear & linear, ggml_tensor * dy, ggml_tensor * x, bool needInput);
    ggml_tensor * rotate(ggml_tensor * x, ggml_tensor * positions, bool back);
    ggml_tensor * queryPositions();
    ggml_tensor * keysOf(const AttentionBlock & block, ggml_tensor * kOrV);
    ggml_tensor * mask(size_t index) const;
    void attend(size_t index, Activations & a);
    void attendBack(size_t index, const Activations & a, ggml_tensor * dAttended);
    ggml_tensor * queriesOf(const AttentionBlock & block, ggml_tensor * q);
    ggml_tensor * transposed(ggml_tensor * x);
    void accumulate(ggml_tensor * gradient, ggml_tensor * part);

    GraphRunner & runner_;
    ggml_context * c_;
    const Model & model_;
    const PassInputs & inputs_;
    const Layer & layer_;
    bool segmentsOnly_;
    bool adapter_;
    // x and xᵀ: q, k, v share one input, gate and up another.
    ggml_tensor * lastTransposedOf_ = nullptr;
    ggml_tensor * lastTransposed_ = nullptr;
};
