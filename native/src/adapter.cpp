#include "adapter.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "failure.h"

namespace {
Failure mismatch(const std::string & path, const std::string & why) {
    return Failure("adapter-mismatch", path + " does not fit this model: " + why + ".", "It was made for another model or is damaged.",
                   "Choose the adapter that belongs to the model.");
}

// splitmix64 over the seed and the tensor's name: the start does not depend on which other targets there are.
struct Uniform {
    uint64_t state;
    Uniform(uint64_t seed, const std::string & name) : state(seed) {
        for (unsigned char c : name) state = (state ^ c) * 0x100000001b3ull + 0x9e3779b97f4a7c15ull;
    }
    double next() {
        uint64_t z = (state += 0x9e3779b97f4a7c15ull);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
        return (double) ((z ^ (z >> 31)) >> 11) / 9007199254740992.0;
    }
};

int64_t layerOf(const std::string & tensor) { return std::atoll(tensor.c_str() + std::strlen("blk.")); }

std::vector<float> hostCopy(const ggml_tensor * tensor) {
    std::vector<float> values((size_t) ggml_nelements(tensor));
    ggml_backend_tensor_get(tensor, values.data(), 0, ggml_nbytes(tensor));
    return values;
}
}  // namespace

Adapter::Adapter(Model & model, Device & device, const std::vector<PairShape> & shapes, float alpha) : model_(model), alpha_(alpha) {
    context_ = tensorContext(shapes.size() * 8 + 1);
    lowestLayer_ = model.shape().layers;
    for (const PairShape & shape : shapes) {
        Linear * linear = model.linear(shape.tensor);
        auto pair = std::make_unique<LoraPair>();
        pair->tensor = shape.tensor;
        pair->scale = alpha_ == 0 ? 1.0f : alpha_ / (float) shape.rank;
        const auto parameter = [&](const char * suffix, int64_t ne0, int64_t ne1) {
            Parameter p{shape.tensor + suffix, nullptr, nullptr, nullptr, nullptr};
            for (ggml_tensor ** part : {&p.value, &p.gradient, &p.first, &p.second}) *part = ggml_new_tensor_2d(context_.get(), GGML_TYPE_F32, ne0, ne1);
            ggml_set_param(p.value);
            parameters_.push_back(p);
            return p;
        };
        const Parameter a = parameter(".lora_a", linear->in(), shape.rank);
        const Parameter b = parameter(".lora_b", shape.rank, linear->out());
        pair->a = a.value, pair->gradA = a.gradient, pair->b = b.value, pair->gradB = b.gradient;
        lowestLayer_ = std::min(lowestLayer_, layerOf(shape.tensor));
        pairs_.push_back(std::move(pair));
    }
    settings_ = ggml_new_tensor_1d(context_.get(), GGML_TYPE_F32, 7);
    buffer_ = device.allocate(context_.get(), "the adapter and its optimizer state");
    ggml_backend_buffer_clear(buffer_.get(), 0);
}

void Adapter::attach() {
    for (auto & pair : pairs_) model_.linear(pair->tensor)->lora = pair.get();
}

Adapter::~Adapter() {
    for (auto & pair : pairs_) {
        Linear * linear = model_.linear(pair->tensor);
        if (linear->lora == pair.get()) linear->lora = nullptr;
    }
}

std::unique_ptr<Adapter> Adapter::create(Model & model, Device & device, int64_t rank, float alpha, const std::set<std::string> & targets, uint64_t seed) {
    std::vector<PairShape> shapes;
    for (const Model::NamedLinear & named : model.linears())
        if (std::any_of(named.targets.begin(), named.targets.end(), [&](const std::string & target) { return targets.count(target) > 0; }))
            shapes.push_back({named.tensor, rank});
    if (shapes.empty()) throw Failure("bad-setting", "No target of the adapter exists in this model.", "", "Choose targets such as attn_q and attn_v.");
    std::unique_ptr<Adapter> adapter(new Adapter(model, device, shapes, alpha));
    for (auto & pair : adapter->pairs_) {
        Uniform uniform(seed, pair->tensor);
        const double bound = 1.0 / std::sqrt((double) pair->a->ne[0]);
        std::vector<float> values((size_t) ggml_nelements(pair->a));
        for (float & value : values) value = (float) ((2 * uniform.next() - 1) * bound);
        ggml_backend_tensor_set(pair->a, values.data(), 0, ggml_nbytes(pair->a));
    }
    return adapter;
}

std::unique_ptr<Adapter> Adapter::load(Model & model, Device & device, const std::string & path) {
    GgufFile file(path);
    if (file.text("general.type", "") != "adapter" || file.text("adapter.type", "") != "lora") throw mismatch(path, "it is not a LoRA adapter");
    if (file.text("general.architecture", "") != model.architecture().name) throw mismatch(path, "it was made for another architecture");
    const std::string suffixA = ".lora_a", suffixB = ".lora_b";
    std::vector<PairShape> shapes;
    int64_t halves = 0;
    for (ggml_tensor * t = ggml_get_first_tensor(file.tensors()); t != nullptr; t = ggml_get_next_tensor(file.tensors(), t), halves++) {
        const std::string name = t->name;
        if (t->type != GGML_TYPE_F32 && t->type != GGML_TYPE_F16) throw mismatch(path, name + " is neither F32 nor F16");
        if (name.size() < suffixA.size() || name.compare(name.size() - suffixA.size(), suffixA.size(), suffixA) != 0) continue;
        const std::string tensor = name.substr(0, name.size() - suffixA.size());
        const Linear * linear = model.linear(tensor);
        const ggml_tensor * b = file.find(tensor + suffixB);
        if (linear == nullptr) throw mismatch(path, "the model has no " + tensor + " that can be trained");
        if (b == nullptr) throw mismatch(path, tensor + suffixB + " is missing");
        if (t->ne[0] != linear->in() || b->ne[1] != linear->out() || t->ne[1] != b->ne[0] || t->ne[1] < 1) throw mismatch(path, tensor + " has another shape");
        shapes.push_back({tensor, t->ne[1]});
    }
    if (shapes.empty() || halves != 2 * (int64_t) shapes.size()) throw mismatch(path, "its tensors do not pair up");
    std::unique_ptr<Adapter> adapter(new Adapter(model, device, shapes, (float) file.number("adapter.lora.alpha", 0)));
    for (Parameter & p : adapter->parameters_) {
        const std::vector<float> values = file.floats(file.find(p.name));
        ggml_backend_tensor_set(p.value, values.data(), 0, ggml_nbytes(p.value));
    }
    return adapter;
}

GgufPtr Adapter::header() const {
    GgufPtr gguf(gguf_init_empty());
    gguf_set_val_str(gguf.get(), "general.type", "adapter");
    gguf_set_val_str(gguf.get(), "general.architecture", model_.architecture().name.c_str());
    gguf_set_val_str(gguf.get(), "adapter.type", "lora");
    gguf_set_val_f32(gguf.get(), "adapter.lora.alpha", alpha_);
    return gguf;
}

void Adapter::write(const std::string & path, const std::vector<std::pair<std::string, ggml_tensor *>> & tensors, gguf_context * gguf) const {
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

void Adapter::save(const std::string & path) const {
    std::vector<std::pair<std::string, ggml_tensor *>> tensors;
    for (const Parameter & p : parameters_) tensors.emplace_back(p.name, p.value);
    write(path, tensors, header().get());
}

void Adapter::saveGradients(const std::string & path) const {
    std::vector<std::pair<std::string, ggml_tensor *>> tensors;
    for (const Parameter & p : parameters_) tensors.emplace_back(p.name, p.gradient);
    write(path, tensors, header().get());
}

void Adapter::saveState(const std::string & path) const {
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

void Adapter::loadState(const std::string & path) {
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

void Adapter::zeroGradients() {
    for (const Parameter & p : parameters_) ggml_backend_tensor_memset(p.gradient, 0, 0, ggml_nbytes(p.gradient));
}

float Adapter::step(GraphRunner & runner, const AdamW & settings) {
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
    return norm;
}
