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

}  // namespace

// At most four tensors and views of its group for a pair, beside those of a parameter.
Adapter::Adapter(Model & model, Device & device, const std::vector<PairShape> & shapes, float alpha)
    : Parameters(shapes.size() * 2, shapes.size() * 4 + 1), model_(model), alpha_(alpha) {
    lowestLayer_ = model.shape().layers;
    // In the order of the model, which is that of the linears that read one input.
    std::map<std::string, PairShape> byTensor;
    for (const PairShape & shape : shapes) byTensor.emplace(shape.tensor, shape);
    std::vector<PairShape> together;
    int64_t input = -1, ranks = 0;
    for (const Model::NamedLinear & named : model.linears()) {
        const auto found = byTensor.find(named.tensor);
        if (found == byTensor.end()) continue;
        if (named.input != input && !together.empty()) addGroup(together), together.clear();
        input = named.input;
        together.push_back(found->second);
    }
    addGroup(together);
    std::vector<float> scales;
    for (const auto & pair : pairs_) scales.insert(scales.end(), (size_t) pair->rank(), pair->scale);
    ggml_tensor * all = tensor((int64_t) scales.size(), 1);
    for (const auto & group : groups_) group->scales = all, group->firstScale = ranks, ranks += group->a->ne[1];
    allocate(device, "the adapter and its optimizer state");
    ggml_backend_tensor_set(all, scales.data(), 0, ggml_nbytes(all));
}

void Adapter::addGroup(const std::vector<PairShape> & shapes) {
    LoraGroup & group = *groups_.emplace_back(std::make_unique<LoraGroup>());
    int64_t ranks = 0;
    for (const PairShape & shape : shapes) ranks += shape.rank;
    const int64_t in = model_.linear(shapes.front().tensor)->in();
    group.a = tensor(in, ranks);
    group.gradA = tensor(in, ranks);
    int64_t row = 0;
    for (const PairShape & shape : shapes) {
        LoraPair & pair = *pairs_.emplace_back(std::make_unique<LoraPair>());
        pair.tensor = shape.tensor;
        pair.scale = alpha_ == 0 ? 1.0f : alpha_ / (float) shape.rank;
        pair.group = &group;
        pair.row = row;
        pair.a = add(shape.tensor + ".lora_a", rows(group.a, row, shape.rank), rows(group.gradA, row, shape.rank)).value;
        const Parameter & b = add(shape.tensor + ".lora_b", shape.rank, model_.linear(shape.tensor)->out());
        pair.b = b.value, pair.gradB = b.gradient;
        lowestLayer_ = std::min(lowestLayer_, layerOf(shape.tensor));
        row += shape.rank;
    }
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

std::unique_ptr<Adapter> Adapter::create(Model & model, Device & device, const AdapterPlan & plan) {
    std::vector<PairShape> shapes;
    for (const Model::NamedLinear & named : model.linears()) {
        const int64_t layer = layerOf(named.tensor);
        if (layer < plan.firstLayer || layer > plan.lastLayer) continue;
        int64_t rank = 0;
        for (const std::string & target : named.targets)
            if (const auto found = plan.ranks.find(target); found != plan.ranks.end()) rank = std::max(rank, found->second);
        if (rank > 0) shapes.push_back({named.tensor, rank});
    }
    if (shapes.empty())
        throw Failure("bad-setting", "Nothing in this model would be trained.",
                      "It has " + std::to_string(model.shape().layers) + " layers, and none of the chosen ones holds a chosen target.",
                      "Choose other layers, or targets such as attn_q and attn_v.");
    std::unique_ptr<Adapter> adapter(new Adapter(model, device, shapes, plan.alpha));
    for (auto & pair : adapter->pairs_) {
        Uniform uniform(plan.seed, pair->tensor);
        const double bound = 1.0 / std::sqrt((double) pair->a->ne[0]);
        std::vector<float> values((size_t) ggml_nelements(pair->a));
        for (float & value : values) value = (float) ((2 * uniform.next() - 1) * bound);
        ggml_backend_tensor_set(pair->a, values.data(), 0, ggml_nbytes(pair->a));
    }
    return adapter;
}

std::unique_ptr<Adapter> Adapter::load(Model & model, Device & device, const std::string & path) {
    GgufFile file(path);
    if (file.text("general.type", "") != "adapter" || file.text("adapter.type", "") != "lora" || file.parts().size() > 1)
        throw mismatch(path, "it is not a LoRA adapter in one file");
    if (file.text("general.architecture", "") != model.architecture().name) throw mismatch(path, "it was made for another architecture");
    const std::string suffixA = ".lora_a", suffixB = ".lora_b";
    std::vector<PairShape> shapes;
    int64_t halves = 0;
    for (const ggml_tensor * t : file.tensors()) {
        halves++;
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

void Adapter::save(const std::string & path) const {
    std::vector<std::pair<std::string, ggml_tensor *>> tensors;
    for (const Parameter & p : parameters_) tensors.emplace_back(p.name, p.value);
    write(path, tensors, header().get());
}

