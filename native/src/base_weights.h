// The seven linears of every layer trained themselves, without an adapter: how the demo model learns from a random
// start. Three times less arithmetic than an adapter of full rank. F32 bases only; embedding, head and norms stay.
#pragma once
#include <memory>
#include <string>

#include "model.h"
#include "parameters.h"

class BaseWeights : public Parameters {
  public:
    // Starts from the model's weights. `model-unsupported` when one of them is not F32.
    BaseWeights(Model & model, Device & device);
    ~BaseWeights() override;

    void attach() override;
    // The whole model with the trained weights.
    void save(const std::string & path) const override;

  protected:
    GgufPtr header() const override;
    // Backward multiplies by transposed copies: they follow every step.
    void afterStep(GraphRunner & runner) override;

  private:
    Model & model_;
    std::vector<ggml_tensor *> original_;
};
