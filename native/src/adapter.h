// The LoRA adapter as llama.cpp lays it out.
#pragma once
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "model.h"
#include "parameters.h"

// A has ne {in, rank}, B {rank, out}: y += scale · B·(A·x), scale = alpha / rank.
struct LoraPair {
    std::string tensor;
    float scale = 1;
    ggml_tensor * a = nullptr;
    ggml_tensor * b = nullptr;
    ggml_tensor * gradA = nullptr;
    ggml_tensor * gradB = nullptr;
};

class Adapter : public Parameters {
  public:
    // A ~ U(±1/√in) drawn from `seed` and the tensor's name, B = 0 (PEFT's start; B = 0 equals the base exactly).
    static std::unique_ptr<Adapter> create(Model & model, Device & device, int64_t rank, float alpha,
                                           const std::set<std::string> & targets, uint64_t seed);
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

    Model & model_;
    float alpha_;
    std::vector<std::unique_ptr<LoraPair>> pairs_;
};
