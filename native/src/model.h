// A frozen base model on a device: what the trainer reads of a GGUF, and the transposed copies that backward needs.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "device.h"
#include "gguf_file.h"

struct LoraPair;

// y = W·x (+ bias) (+ scale·B·(A·x) when an adapter holds a pair for it). W has ne {in, out}.
struct Linear {
    ggml_tensor * weight = nullptr;
    ggml_tensor * bias = nullptr;
    // Wᵀ with ne {out, in}: dX = Wᵀ·dY is then a plain mul_mat. Null until `prepareBackward`.
    ggml_tensor * transposed = nullptr;
    LoraPair * lora = nullptr;
    int64_t in() const { return weight->ne[0]; }
    int64_t out() const { return weight->ne[1]; }
};

struct Layer {
    ggml_tensor * attentionNorm = nullptr;
    ggml_tensor * feedForwardNorm = nullptr;
    Linear query, key, value, output, gate, up, down;
};

// What an architecture does differently; one description per `general.architecture`. Only `llama` for now.
struct Architecture {
    std::string name;
    // ggml's rope mode: 0 rotates pairs (2i, 2i+1), GGML_ROPE_TYPE_NEOX halves.
    int ropeMode = 0;
};

struct Shape {
    int64_t layers, embedding, feedForward, heads, kvHeads, headSize, vocabulary, context;
    float epsilon, ropeBase, ropeScale, attentionScale;
    int64_t ropeDimensions;
};

class Model {
  public:
    // Throws `model-not-found`, `model-corrupt`, `model-unsupported`, `out-of-memory`.
    Model(const std::string & path, Device & device);

    const Architecture & architecture() const { return architecture_; }
    const Shape & shape() const { return shape_; }
    bool tied() const { return tied_; }
    const std::string & path() const { return gguf_->path(); }

    std::vector<Layer> layers;
    ggml_tensor * tokenEmbedding = nullptr;
    ggml_tensor * outputNorm = nullptr;
    ggml_tensor * ropeFactors = nullptr;
    // The output head; its weight is the token embedding where the model ties them.
    Linear head;

    // The linear of a tensor such as `blk.0.attn_q.weight`, null when the model has none.
    Linear * linear(const std::string & tensor);
    // All linears that may carry an adapter, in layer order, with their tensor names.
    const std::vector<std::pair<std::string, Linear *>> & linears() const { return linears_; }

    // Makes the transposed copies once: F32 stays F32, F16 stays F16, quantized types become Q8_0 (F16 where a row of
    // the transpose is no multiple of 32 long).
    void prepareBackward();
    size_t weightBytes() const { return weightBytes_; }
    size_t transposedBytes() const { return transposedBuffer_ ? ggml_backend_buffer_get_size(transposedBuffer_.get()) : 0; }

  private:
    void readShape();
    void bindTensors();
    void placeWeights();
    ggml_tensor * need(const std::string & name, int64_t ne0, int64_t ne1 = 1);
    ggml_tensor * optional(const std::string & name, int64_t ne0, int64_t ne1 = 1);
    void checkMatrix(const ggml_tensor * tensor) const;

    Device & device_;
    std::unique_ptr<GgufFile> gguf_;
    Architecture architecture_;
    Shape shape_{};
    bool tied_ = false;
    BufferPtr weightBuffer_;
    ContextPtr transposedContext_;
    BufferPtr transposedBuffer_;
    size_t weightBytes_ = 0;
    std::vector<std::pair<std::string, Linear *>> linears_;
};
