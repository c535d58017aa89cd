// Forward, backward and step over a model and its adapter: what JavaScript drives. Knows no loss.
#pragma once
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "adapter.h"
#include "base_weights.h"
#include "device.h"
#include "layer.h"
#include "model.h"
#include "packing.h"

// Per [question][response][token].
using Logps = std::vector<std::vector<std::vector<float>>>;

// Keep what backward reads, or compute it again block by block; automatic keeps it while it takes at most a quarter
// of the free memory.
enum class ActivationPolicy { automatic, keep, recompute };

struct TrainerOptions {
    std::string model, libraries;
    bool gpu = false;
    Products products = Products::automatic;
    int threads = 0;
    int64_t contextLength = 0;
    ActivationPolicy activations = ActivationPolicy::automatic;
    Residency residency;
    ForwardPlan forward;
};

struct MemoryUse {
    size_t weights, copies, adapter, activations, arena;
};

class Trainer {
  public:
    Trainer(const TrainerOptions & options, std::function<bool()> cancelled);

    const Model & model() const { return model_; }
    const Device & device() const { return device_; }
    // What is trained: an adapter, or the base's own weights.
    Parameters & trained();
    void newAdapter(const AdapterPlan & plan);
    void loadAdapter(const std::string & path);
    void trainBase();

    // `keep` holds what `backward` needs until the next forward.
    Logps forward(const std::vector<TokenRow> & rows, bool useAdapter, bool keep);
    // Adds the gradients of the last kept forward for dLoss/dlogp of the same shape.
    void backward(const Logps & dLogp);
    float step(const AdamW & settings) { return trained().step(runner_, settings); }
    MemoryUse memory() const;

  private:
    // Everything of one pass that outlives a graph.
    struct Tape {
        Packing packing;
        ContextPtr context;
        PassInputs inputs;
        ggml_tensor * tokens = nullptr;
        ggml_tensor * targets = nullptr;           // I32 [segmentRows]
        ggml_tensor * flatTargets = nullptr;       // I32 [segmentRows], into a chunk of probabilities
        std::vector<ggml_tensor *> layerInputs;    // per layer, and the last block's output
        std::vector<Activations> kept;             // per layer, empty where activations are not kept
        ggml_tensor * attended = nullptr;          // scratch of those layers
        ggml_tensor * headGradients = nullptr;     // [embedding, segmentRows]: dlogp/dh before the coefficient
        ggml_tensor * coefficients = nullptr;      // F32 [1, segmentRows]
        ggml_tensor * gradients[2] = {};           // of a block's output and input, in turn
        ggml_tensor * logps = nullptr;             // F32 [segmentRows]
        int64_t lowest = 0;                        // backward reads nothing of the layers below; all of them without a backward
        bool keep = false, keepActivations = false, adapter = false;
        bool keeps(int64_t layer) const { return keepActivations && layer >= lowest; }
    };

    struct HeadChunk {
        ggml_tensor * logits;         // [vocabulary, rows]
        ggml_tensor * probabilities;  // [vocabulary, rows]
        ggml_tensor * slope;
    };

    void train(std::unique_ptr<Parameters> parameters);
    void checkOperations();
    void checkRows(const std::vector<TokenRow> & rows) const;
    void embed();
    void forwardLayer(int64_t layer);
    void backwardLayers();
    void backwardLayer(int64_t layer);
    void place(ggml_tensor * node, ggml_tensor * storage);
    size_t layerNodes() const;

    // tape.cpp
    void prepareTape(const std::vector<TokenRow> & rows, bool useAdapter, bool keep);
    void describeTape();
    void allocateTape();
    void fillTape();
    bool shouldKeepActivations(const Packing & packing) const;
    Activations activationTensors(int64_t layer);
    std::vector<std::pair<ggml_tensor *, ggml_tensor *>> keptPairs(const Activations & computed, const Activations & kept) const;
    MaskSet maskTensors();
    void fillMasks();

    // head.cpp
    void forwardHead();
    void backwardHead();
    int64_t headChunkRows() const;
    HeadChunk headChunk(ggml_context * context, int64_t start, int64_t rows);
    ggml_tensor * ofTargets(ggml_context * context, ggml_tensor * x, int64_t start, int64_t rows);
    bool holdsDoubtfulLogps(int64_t start, int64_t rows) const;
    void computeDistantLogps(int64_t start, int64_t rows);

    bool isLast(int64_t layer) const { return layer + 1 == model_.shape().layers; }

    Device device_;
    Model model_;
    GraphRunner runner_;
    ActivationPolicy policy_;
    std::function<bool()> cancelled_;
    std::unique_ptr<Parameters> trained_;
    BufferPtr tapeBuffer_;
    std::unique_ptr<Tape> tape_;
};
