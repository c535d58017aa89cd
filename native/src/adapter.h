// The LoRA adapter as llama.cpp lays it out.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "model.h"
#include "parameters.h"

// The pairs of linears that read the same input (Model::NamedLinear::input): their A lie behind one another, so that
// one product multiplies with all of them.
struct LoraGroup {
    ggml_tensor * a = nullptr;       // [in, the sum of ranks]
    ggml_tensor * gradA = nullptr;
    ggml_tensor * scales = nullptr;  // alpha / rank of every row of the adapter's A
    int64_t firstScale = 0;          // the group's first
};

// A has ne {in, rank}, B {rank, out}: y += scale · B·(A·x), scale = alpha / rank.
struct LoraPair {
    std::string tensor;
    float scale = 1;
    const LoraGroup * group = nullptr;
    int64_t row = 0;                 // of `group`, where A begins
    ggml_tensor * a = nullptr;       // rows of the group's
    ggml_tensor * b = nullptr;
    ggml_tensor * gradB = nullptr;
    int64_t rank() const { return a->ne[1]; }
};

// What a new adapter looks like.
struct AdapterPlan {
    float alpha;
    // Rank by target, e.g. attn_q; a fused tensor takes the largest of its parts.
    std::map<std::string, int64_t> ranks;
    // Layers first … last get pairs.
    int64_t firstLayer = 0, lastLayer = INT64_MAX;
    uint64_t seed;
};

class Adapter : public Parameters {
  public:
    // A ~ U(±1/√in) drawn from the seed and the tensor's name, B = 0 (PEFT's start; B = 0 equals the base exactly).
    // `bad-setting` when nothing of the model is in the plan.
    static std::unique_ptr<Adapter> create(Model & model, Device & device, const AdapterPlan & plan);
    // From an adapter GGUF with F32 or F16 pairs; `adapter-mismatch` when it does not fit the model.
    static std::unique_ptr<Adapter> load(Model & model, Device & device, const std::string & path);
    ~Adapter() override;

    void attach() override;
    void save(const std::string & path) const override;

  protected:
    GgufPtr header() const override;

  private:
    struct PairShape {
        std::string tensor;
        int64_t rank;
    };
    Adapter(Model & model, Device & device, const std::vector<PairShape> & shapes, float alpha);
    void addGroup(const std::vector<PairShape> & shapes);

    Model & model_;
    float alpha_;
    std::vector<std::unique_ptr<LoraPair>> pairs_;
    std::vector<std::unique_ptr<LoraGroup>> groups_;
};
