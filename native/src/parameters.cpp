#include "parameters.h"

#include <cmath>

#include "failure.h"

namespace {
Failure mismatch(const std::string & path, const std::string & why) {
    return Failure("adapter-mismatch", path + " does not fit this run: " + why + ".", "It was made for another model or adapter, or is damaged.",
                   "Choose the checkpoint that belongs to the run.");
}
}  // namespace

std::vector<float> Parameters::hostCopy(const ggml_tensor * tensor) {
    std::vector<float> values((size_t) ggml_nelements(tensor));
    ggml_backend_tensor_get(tensor, values.data(), 0, ggml_nbytes(tensor));
    return values;
}

Parameters::Parameters(size_t count, size_t more) {
    context_ = tensorContext(count * 4 + more + 1);
    parameters_.reserve(count);
    settings_ = ggml_new_tensor_1d(context_.get(), GGML_TYPE_F32, 7);
}

ggml_tensor * Parameters::tensor(int64_t ne0, int64_t ne1) { return ggml_new_tensor_2d(context_.get(), GGML_TYPE_F32, ne0, ne1); }

ggml_tensor * Parameters::rows(ggml_tensor * tensor, int64_t start, int64_t count) {
    return ggml_view_2d(context_.get(), tensor, tensor->ne[0], count, tensor->nb[1], start * tensor->nb[1]);
}

const Parameters::Parameter & Parameters::add(const std::string & name, int64_t ne0, int64_t ne1) { return add(name, tensor(ne0, ne1), tensor(ne0, ne1)); }

const Parameters::Parameter & Parameters::add(const std::string & name, ggml_tensor * value, ggml_tensor * gradient) {
    const Parameter p{name, value, gradient, tensor(value->ne[0], value->ne[1]), tensor(value->ne[0], value->ne[1])};
    p.value->flags |= GGML_TENSOR_FLAG_PARAM;
    ggml_set_name(p.value, name.c_str());
    parameters_.push_back(p);
    return parameters_.back();
}

void Parameters::allocate(Device & device, const std::string & what) {
    buffer_ = device.allocate(context_.get(), what);
    ggml_backend_buffer_clear(buffer_.get(), 0);
}

void Parameters::write(const std::string & path, const std::vector<std::pair<std::string, ggml_tensor *>> & tensors, gguf_context * gguf) {
    ContextPtr context = tensorContext(tensors.size());
    std::vector<std::vector<float>> values;
    for (const auto & [name, tensor] : tensors) {
        values.push_back(hostCopy(tensor));
        ggml_tensor * copy = ggml_new_tensor_2d(context.get(), GGML_TYPE_F32, tensor->ne[0], tensor->ne[1]);
        ggml_set_name(copy, name.c_str());
        copy->data = values.back().data();
        gguf_add_tensor(gguf, copy);
    }
    writeGguf(gguf, path);
}

void Parameters::saveGradients(const std::string & path) const {
    std::vector<std::pair<std::string, ggml_tensor *>> tensors;
    for (const Parameter & p : parameters_) tensors.emplace_back(p.name, p.gradient);
    write(path, tensors, header().get());
}

void Parameters::saveState(const std::string & path) const {
    GgufPtr gguf(gguf_init_empty());
    gguf_set_val_str(gguf.get(), "general.type", "folkmoot-optimizer-state");
    gguf_set_val_u64(gguf.get(), "folkmoot.steps", (uint64_t) steps_);
    std::vector<std::pair<std::string, ggml_tensor *>> tensors;
    for (const Parameter & p : parameters_) {
        tensors.emplace_back(p.name + ".m", p.first);
        tensors.emplace_back(p.name + ".v", p.second);
    }
    write(path, tensors, gguf.get());
}

void Parameters::loadState(const std::string & path) {
    GgufFile file(path);
    if (file.text("general.type", "") != "folkmoot-optimizer-state") throw mismatch(path, "it is not an optimizer state");
    std::vector<std::pair<ggml_tensor *, const ggml_tensor *>> moves;
    for (const Parameter & p : parameters_)
        for (const auto & [target, name] : {std::pair{p.first, p.name + ".m"}, std::pair{p.second, p.name + ".v"}}) {
            const ggml_tensor * source = file.find(name);
            if (source == nullptr || source->type != GGML_TYPE_F32 || !ggml_are_same_shape(source, target)) throw mismatch(path, name + " is missing or has another shape");
            moves.emplace_back(target, source);
        }
    for (const auto & [target, source] : moves) ggml_backend_tensor_set(target, file.bytes(source), 0, ggml_nbytes(target));
    steps_ = (int64_t) file.required("folkmoot.steps");
}

void Parameters::zeroGradients() {
    for (const Parameter & p : parameters_) ggml_backend_tensor_memset(p.gradient, 0, 0, ggml_nbytes(p.gradient));
}

void Parameters::scaleGradients(GraphRunner & runner, float factor) {
    runner.begin(parameters_.size() * 2 + 16);
    for (const Parameter & p : parameters_) runner.expand(ggml_scale_inplace(runner.context(), p.gradient, factor));
    runner.allocate();
    runner.compute();
}

float Parameters::step(GraphRunner & runner, const AdamW & settings) {
    runner.begin(parameters_.size() * 4 + 16);
    std::vector<ggml_tensor *> squares;
    for (const Parameter & p : parameters_) {
        squares.push_back(runner.expand(ggml_sum(runner.context(), ggml_sqr(runner.context(), p.gradient))));
        ggml_set_output(squares.back());
    }
    runner.allocate();
    runner.compute();
    double total = 0;
    for (ggml_tensor * square : squares) {
        float value = 0;
        ggml_backend_tensor_get(square, &value, 0, sizeof value);
        total += value;
    }
    const float norm = (float) (std::sqrt(total) * settings.gradientScale);
    if (!std::isfinite(norm))
        throw Failure("training-diverged", "The gradient is no finite number.", "The learning rate is too high, or the data hold a row that the model cannot bear.",
                      "Lower the learning rate and resume from the last checkpoint.");
    const float clip = settings.clipNorm > 0 && norm > settings.clipNorm ? settings.clipNorm / norm : 1.0f;

    steps_++;
    const float values[7] = {settings.learningRate, settings.beta1, settings.beta2, settings.epsilon, settings.weightDecay,
                             (float) (1.0 / (1.0 - std::pow((double) settings.beta1, (double) steps_))),
                             (float) (1.0 / (1.0 - std::pow((double) settings.beta2, (double) steps_)))};
    ggml_backend_tensor_set(settings_, values, 0, sizeof values);
    runner.begin(parameters_.size() * 4 + 16);
    for (const Parameter & p : parameters_) {
        ggml_tensor * scaled = ggml_scale(runner.context(), p.gradient, settings.gradientScale * clip);
        runner.expand(ggml_opt_step_adamw(runner.context(), p.value, scaled, p.first, p.second, settings_));
    }
    runner.allocate();
    runner.compute();
    afterStep(runner);
    return norm;
}
