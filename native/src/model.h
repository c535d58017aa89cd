// A frozen base model on a device: what the trainer reads of a GGUF, and the transposed copies that backward needs.
#pragma once
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "architecture.h"
#include "device.h"
#include "forward_way.h"
#include "gguf_file.h"
#include "staging.h"

struct LoraPair;

// y = W·x (+ bias) (+ scale·B·(A·x) when an adapter holds a pair for it). W has ne {in, out}.
struct Linear {
    ggml_tensor * weight = nullptr;
    ggml_tensor * bias = nullptr;
    // Wᵀ with ne {out, in}: dX = Wᵀ·dY is then a plain mul_mat. Null until `prepareBackward`, and where our own
    // kernels multiply: they read W either way.
    ggml_tensor * transposed = nullptr;
    // W as ggml's own product reads it forward, where that is faster than our kernels (forward_way.h): the weight itself, or
    // its copy in an extra buffer type. Null elsewhere.
    ggml_tensor * served = nullptr;
    LoraPair * lora = nullptr;
    // Where dW is added when the weight itself is trained.
    ggml_tensor * gradient = nullptr;
    int64_t in() const { return weight->ne[0]; }
    int64_t out() const { return weight->ne[1]; }
    explicit operator bool() const { return weight != nullptr; }
    // W as a forward product reads it, and our kernels for it; null where the product is ggml's own.
    ggml_tensor * forwardWeight() const { return served == nullptr ? weight : served; }
    const Kernels * forwardKernels(const Device & device) const {
        const LinearKernels * kernels = served == nullptr ? device.kernels(weight) : nullptr;
        return kernels == nullptr ? nullptr : &kernels->forward;
    }
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

// How many layers live on a GPU: the upper ones, which backward passes too. The others stay in host memory and are
// copied there one by one, right before their graphs run. Embedding rows are gathered on the host, unless the head is
// the embedding; the head always lives there.
struct Residency {
    static constexpr int64_t automatic = -1;
    // `automatic`: as many as leave `reserve` bytes of what is free. More than there are: all.
    int64_t layers = automatic;
    size_t reserve = size_t(256) << 20;
};

class Model {
  public:
    // `contextLength` chooses between long and short rope factors as llama.cpp does; 0 = the short ones.
    // Throws `model-not-found`, `model-corrupt`, `model-unsupported`, `out-of-memory`.
    Model(const std::string & path, Device & device, int64_t contextLength, const Residency & residency = {});

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
        int64_t layer;
        int64_t input;                     // the same for linears that read the same input; they follow one another
    };
    // All linears that may carry an adapter, in layer order.
    const std::vector<NamedLinear> & linears() const { return linears_; }
    // The linear of a tensor such as `blk.0.attn_q.weight`, null when the model has none.
    Linear * linear(const std::string & tensor) const;

    // Makes the transposed copies that are needed, once: F32, F16 and BF16 stay what they are, quantized types become Q8_0 (F16 where a
    // row of the transpose is no multiple of 32 long).
    void prepareBackward();
    // On the CPU: chooses how forward multiplies with every type, and makes the copies that are needed for it.
    void chooseForward(const ForwardPlan & plan);
    // By type of the linears, which products are used; empty where ggml's own are used throughout.
    struct ProductNames { std::string forward, backward; };
    const std::map<std::string, ProductNames> & products() const { return products_; }
    // Before a graph that reads the weights of a layer, or their transposed copies: where it does not live on the
    // device, they are copied there, over those of the layer before.
    void bringWeights(int64_t layer);
    void bringTransposed(int64_t layer);
    // Layers that live on the device; on the processor all.
    int64_t residentLayers() const { return shape_.layers - streamedLayers_; }
    // The embeddings of tokens as F32, row after row, where `gathersEmbeddings`: a GPU has no copy of the matrix.
    bool gathersEmbeddings() const { return gathersEmbeddings_; }
    std::vector<float> embeddings(const std::vector<int32_t> & tokens) const;

    // Bytes on the device.
    size_t weightBytes() const { return weightBytes_ + staging_.bytes(); }
    size_t copiedBytes() const;

  private:
    void bindGlobals(int64_t contextLength);
    void bindLayer(int64_t index);
    void bindAttention(int64_t index, Layer & layer);
    void bindFeedForward(int64_t index, Layer & layer);
    // What a linear of a layer reads.
    enum class Input { normed, attended, middle, hidden };
    void bindLinear(int64_t index, const char * name, Linear & linear, Input input, int64_t in, int64_t out, std::vector<std::string> targets);
    // placement.cpp
    void describeTransposed();
    void chooseResidents(const Residency & residency);
    size_t deviceBytes(int64_t streamed) const;
    std::vector<std::vector<ggml_tensor *>> streamedWeights(int64_t streamed) const;
    std::vector<std::vector<ggml_tensor *>> streamedCopies(int64_t streamed) const;
    void placeWeights();
    BufferPtr placePart(const GgufPart & part);
    void placeTransposed();
    std::string wayOf(ggml_type type, const std::vector<Linear *> & linears, const ForwardPlan & plan) const;
    bool copyForForward(ggml_backend_buffer_type_t kind, const std::vector<Linear *> & linears, size_t room);
    size_t copyRoom(const ForwardPlan & plan, ggml_type type) const;
    std::vector<uint8_t> transposedBytes(const Linear & linear, ggml_type type) const;

    // A linear and the description of its transposed copy.
    struct TransposedCopy {
        Linear * linear;
        ggml_tensor * tensor;
        int64_t layer;               // -1: the head
        std::vector<uint8_t> bytes;  // of a layer that does not live on the device, from its first use on
    };

    ggml_tensor * need(const std::string & name, int64_t ne0, int64_t ne1 = 1);
    ggml_tensor * optional(const std::string & name, int64_t ne0, int64_t ne1 = 1);
    void refuseUnbound() const;

    Device & device_;
    std::unique_ptr<GgufFile> gguf_;
    Architecture architecture_;
    Shape shape_{};
    bool tied_ = false;
    // One for each file of the model.
    std::vector<BufferPtr> weightBuffers_;
    ContextPtr transposedContext_;
    std::vector<TransposedCopy> transposedCopies_;
    BufferPtr transposedBuffer_;
    bool hasTransposed_ = false;
    std::map<std::string, ProductNames> products_;
    std::vector<ContextPtr> servedContexts_;
    std::vector<BufferPtr> servedBuffers_;
    size_t weightBytes_ = 0;
    // Layers 0 … streamedLayers_ − 1 live on the host.
    int64_t streamedLayers_ = 0;
    Staging staging_, transposedStaging_;
    bool gathersEmbeddings_ = false;
    std::vector<NamedLinear> linears_;
    std::set<std::string> bound_;  // names that were asked for, there or not
};
