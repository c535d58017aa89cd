// A frozen base model on a device: what the trainer reads of a GGUF, and the transposed copies that backward needs.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "architecture.h"
#include "device.h"
#include "gguf_file.h"

struct LoraPair;

// y = W·x (+ bias) (+ scale·B·(A·x) when an adapter holds a pair for it). W has ne {in, out}.
struct Linear {
    ggml_tensor * weight = nullptr;
    ggml_tensor * bias = nullptr;
    // Wᵀ with ne {out, in}: dX = Wᵀ·dY is then a plain mul_mat. Null until `prepareBackward`, and where our own
    // kernels multiply: they read W either way.
    ggml_tensor * transposed = nullptr;
    LoraPair * lora = nullptr;
    // Where dW is added when the weight itself is trained.
    ggml_tensor * gradient = nullptr;
    int64_t in() const { return weight->ne[0]; }
    int64_t out() const { return weight->ne[1]; }
    explicit operator bool() const { return weight != nullptr; }
};

struct Layer {
    ggml_tensor * attentionNorm = nullptr;
    ggml_tensor * queryNorm = nullptr;
    ggml_tensor * keyNorm = nullptr;
    ggml_tensor * postAttentionNorm = nullptr;
    ggml_tensor * feedForwardNorm = nullptr;
    ggml_tensor * postFeedForwardNorm = nullptr;
    // Either query, key and value or all three fused, rows in this order; either gate and up or `up` holds both, gate first.
    Linear query, key, value, fusedQueryKeyValue, output, gate, up, down;
};

class Model {
  public:
    // `contextLength` chooses between long and short rope factors as llama.cpp does; 0 = the short ones.
    // Throws `model-not-found`, `model-corrupt`, `model-unsupported`, `out-of-memory`.
    Model(const std::string & path, Device & device, int64_t contextLength);

    const Architecture & architecture() const { return architecture_; }
    const Shape & shape() const { return shape_; }
    bool tied() const { return tied_; }
    const GgufFile & file() const { return *gguf_; }
    const std::string & path() const { return gguf_->path(); }

    std::vector<Layer> layers;
    ggml_tensor * tokenEmbedding = nullptr;
    ggml_tensor * outputNorm = nullptr;
    ggml_tensor * ropeFactors = nullptr;
    // The output head; its weight is the token embedding where the model ties them.
    Linear head;

    struct NamedLinear {
        std::string tensor;                // blk.0.attn_q.weight
        std::vector<std::string> targets;  // what a user calls it: attn_q; of a fused tensor all its parts
        Linear * linear;
    };
    // All linears that may carry an adapter, in layer order.
    const std::vector<NamedLinear> & linears() const { return linears_; }
    // The linear of a tensor such as `blk.0.attn_q.weight`, null when the model has none.
    Linear * linear(const std::string & tensor) const;

    // Makes the transposed copies that are needed, once: F32, F16 and BF16 stay what they are, quantized types become Q8_0 (F16 where a
    // row of the transpose is no multiple of 32 long).
    void prepareBackward();
    size_t weightBytes() const { return weightBytes_; }
    size_t transposedBytes() const { return transposedBuffer_ ? ggml_backend_buffer_get_size(transposedBuffer_.get()) : 0; }

  private:
    void bindGlobals(int64_t contextLength);
    void bindLayer(int64_t index);
    void bindAttention(int64_t index, Layer & layer);
    void bindFeedForward(int64_t index, Layer & layer);
    void bindLinear(int64_t index, const char * name, Linear & linear, int64_t in, int64_t out, std::vector<std::string> targets);
    void placeWeights();
    BufferPtr placePart(const GgufPart & part);
    ggml_tensor * need(const std::string & name, int64_t ne0, int64_t ne1 = 1);
    ggml_tensor * optional(const std::string & name, int64_t ne0, int64_t ne1 = 1);

    Device & device_;
    std::unique_ptr<GgufFile> gguf_;
    Architecture architecture_;
    Shape shape_{};
    bool tied_ = false;
    // One for each file of the model.
    std::vector<BufferPtr> weightBuffers_;
    ContextPtr transposedContext_;
    BufferPtr transposedBuffer_;
    size_t weightBytes_ = 0;
    std::vector<NamedLinear> linears_;
};
