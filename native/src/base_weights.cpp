#include "base_weights.h"

#include "failure.h"

BaseWeights::BaseWeights(Model & model, Device & device) : Parameters(model.linears().size()), model_(model) {
    if (model.residentLayers() < model.shape().layers)
        throw Failure("bad-setting", "The weights of " + model.path() + " can only be trained where all of its layers live on the card.",
                      std::to_string(model.residentLayers()) + " of " + std::to_string(model.shape().layers) + " do.", "Train on the CPU.");
    for (const Model::NamedLinear & named : model.linears()) {
        const ggml_tensor * weight = named.linear->weight;
        if (weight->type != GGML_TYPE_F32) throw unsupportedModel(model.path(), named.tensor + " is not F32, so it cannot be trained itself");
        original_.push_back(named.linear->weight);
        add(named.tensor, weight->ne[0], weight->ne[1]);
    }
    allocate(device, "the trained weights and their optimizer state");
    for (size_t i = 0; i < parameters_.size(); i++) {
        const std::vector<float> values = model.file().floats(original_[i]);
        ggml_backend_tensor_set(parameters_[i].value, values.data(), 0, ggml_nbytes(parameters_[i].value));
    }
}

BaseWeights::~BaseWeights() {
    for (size_t i = 0; i < original_.size(); i++) {
        Linear & linear = *model_.linears()[i].linear;
        if (linear.weight != parameters_[i].value) continue;
        linear.weight = original_[i];
        linear.gradient = nullptr;
    }
}

void BaseWeights::attach() {
    for (size_t i = 0; i < parameters_.size(); i++) {
        model_.linears()[i].linear->weight = parameters_[i].value;
        model_.linears()[i].linear->gradient = parameters_[i].gradient;
    }
}

void BaseWeights::afterStep(GraphRunner & runner) {
    runner.begin(parameters_.size() * 3 + 16);
    for (size_t i = 0; i < parameters_.size(); i++) {
        ggml_tensor * transposed = model_.linears()[i].linear->transposed;
        if (transposed == nullptr) return;
        runner.expand(ggml_cpy(runner.context(), ggml_transpose(runner.context(), parameters_[i].value), transposed));
    }
    runner.allocate();
    runner.compute();
}

GgufPtr BaseWeights::header() const {
    return model_.file().metadata();
}

void BaseWeights::save(const std::string & path) const {
    const GgufFile & file = model_.file();
    GgufPtr gguf = header();
    std::vector<std::vector<float>> trained;
    trained.reserve(parameters_.size());
    for (const ggml_tensor * t : file.tensors()) {
        gguf_add_tensor(gguf.get(), t);
        const void * data = file.bytes(t);
        for (const Parameter & p : parameters_)
            if (p.name == t->name) data = trained.emplace_back(hostCopy(p.value)).data();
        gguf_set_tensor_data(gguf.get(), t->name, data);
    }
    writeGguf(gguf.get(), path);
}
