// The LoRA adapter with its gradients and AdamW moments, all F32 on the device.
#pragma once
#include <map>
#include <set>
#include <string>
#include <vector>

#include "device.h"
#include "gguf_file.h"
#include "model.h"

// A has ne {in, rank}, B {rank, out}: y += scale · B·(A·x), scale = alpha / rank (llama.cpp's adapter layout).
struct LoraPair {
    std::string tensor;
    float scale = 1;
    ggml_tensor * a = nullptr;
    ggml_tensor * b = nullptr;
    ggml_tensor * gradA = nullptr;
    ggml_tensor * gradB = nullptr;
};

struct AdamW {
    float learningRate, beta1, beta2, epsilon, weightDecay, gradientScale, clipNorm;
};

class Adapter {
  public:
    // A ~ U(±1/√in) drawn from `seed` and the tensor's name, B = 0 (PEFT's start; B = 0 equals the base exactly).
    static std::unique_ptr<Adapter> create(Model & model, Device & device, int64_t rank, float alpha,
                                           const std::set<std::string> & targets, uint64_t seed);
    // From an adapter GGUF with F32 or F16 pairs; `adapter-mismatch` when it does not fit the model.
    static std::unique_ptr<Adapter> load(Model & model, Device & device, const std::string & path);
    ~Adapter();

    // From now on the model's linears use these pairs; ends with the adapter.
    void attach();

    void save(const std::string & path) const;
    void saveGradients(const std::string & path) const;
    void saveState(const std::string & path) const;
    void loadState(const std::string & path);

    void zeroGradients();
    // One AdamW step (decoupled decay) on gradientScale · gradient, clipped to clipNorm. Returns the norm before clipping.
    // A norm that is not finite changes nothing and is `training-diverged`.
    float step(GraphRunner & runner, const AdamW & settings);
    int64_t steps() const { return steps_; }
    size_t bytes() const { return ggml_backend_buffer_get_size(buffer_.get()); }
    // Lowest layer that holds a pair: backward may stop there.
    int64_t lowestLayer() const { return lowestLayer_; }

  private:
    struct Parameter {
        std::string name;
        ggml_tensor * value;
        ggml_tensor * gradient;
        ggml_tensor * first;
        ggml_tensor * second;
    };
    struct PairShape {
        std::string tensor;
        int64_t rank;
    };
    Adapter(Model & model, Device & device, const std::vector<PairShape> & shapes, float alpha);
    GgufPtr header() const;
    void write(const std::string & path, const std::vector<std::pair<std::string, ggml_tensor *>> & tensors, gguf_context * gguf) const;

    Model & model_;
    float alpha_;
    std::vector<std::unique_ptr<LoraPair>> pairs_;
    std::vector<Parameter> parameters_;
    ContextPtr context_;
    BufferPtr buffer_;
    ggml_tensor * settings_ = nullptr;
    int64_t steps_ = 0;
    int64_t lowestLayer_ = 0;
};
