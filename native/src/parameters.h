// What is trained: tensors with their gradients and AdamW moments, all F32 on the device.
#pragma once
#include <string>
#include <vector>

#include "device.h"
#include "gguf_file.h"

struct AdamW {
    float learningRate, beta1, beta2, epsilon, weightDecay, gradientScale, clipNorm;
};

class Parameters {
  public:
    virtual ~Parameters() = default;
    Parameters(const Parameters &) = delete;
    Parameters & operator=(const Parameters &) = delete;

    // From now on the model computes with these; ends with the object.
    virtual void attach() = 0;
    // The trained tensors as a GGUF: an adapter, or a whole model.
    virtual void save(const std::string & path) const = 0;
    void saveGradients(const std::string & path) const;
    // Optimizer moments and the number of steps.
    void saveState(const std::string & path) const;
    void loadState(const std::string & path);

    void zeroGradients();
    // gradient ·= factor
    void scaleGradients(GraphRunner & runner, float factor);
    // One AdamW step (decoupled decay) on gradientScale · gradient, clipped to clipNorm. Returns the norm before clipping.
    // A norm that is not finite changes nothing and is `training-diverged`.
    float step(GraphRunner & runner, const AdamW & settings);
    int64_t steps() const { return steps_; }
    size_t bytes() const { return ggml_backend_buffer_get_size(buffer_.get()); }
    // Lowest layer that is trained: backward may stop there.
    int64_t lowestLayer() const { return lowestLayer_; }

  protected:
    struct Parameter {
        std::string name;
        ggml_tensor * value;
        ggml_tensor * gradient;
        ggml_tensor * first;
        ggml_tensor * second;
    };

    // Room for so many parameters, and for `more` tensors of `tensor` and `rows`.
    explicit Parameters(size_t count, size_t more = 0);
    const Parameter & add(const std::string & name, int64_t ne0, int64_t ne1);
    // One whose value and gradient are rows of larger tensors.
    const Parameter & add(const std::string & name, ggml_tensor * value, ggml_tensor * gradient);
    ggml_tensor * tensor(int64_t ne0, int64_t ne1);
    ggml_tensor * rows(ggml_tensor * tensor, int64_t start, int64_t count);
    // Gives memory to everything that was added; all zeros.
    void allocate(Device & device, const std::string & what);
    virtual void afterStep(GraphRunner &) {}
    virtual GgufPtr header() const = 0;
    static void write(const std::string & path, const std::vector<std::pair<std::string, ggml_tensor *>> & tensors, gguf_context * gguf);

    static std::vector<float> hostCopy(const ggml_tensor * tensor);

    std::vector<Parameter> parameters_;
    int64_t lowestLayer_ = 0;

  private:
    ContextPtr context_;
    BufferPtr buffer_;
    ggml_tensor * settings_ = nullptr;
    int64_t steps_ = 0;
};
