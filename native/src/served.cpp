// What forward multiplies with, where ggml's own product is faster than our kernels.
#include <algorithm>
#include <cstdint>
#include <map>

#include "model.h"

namespace {
// Choosing takes longer than it could gain on less.
constexpr int64_t fewestWeights = int64_t(4) << 20;

size_t bytesOf(const std::vector<Linear *> & linears) {
    size_t bytes = 0;
    for (const Linear * linear : linears) bytes += ggml_nbytes(linear->weight);
    return bytes;
}

int64_t weightsOf(const std::vector<Linear *> & linears) {
    int64_t count = 0;
    for (const Linear * linear : linears) count += ggml_nelements(linear->weight);
    return count;
}
}  // namespace

// F32 weights may be trained themselves, and our kernels are as good as any for them.
std::string Model::wayOf(ggml_type type, const std::vector<Linear *> & linears, const ForwardPlan & plan) const {
    const Linear & largest = **std::max_element(linears.begin(), linears.end(), [](const Linear * a, const Linear * b) { return ggml_nelements(a->weight) < ggml_nelements(b->weight); });
    const auto set = plan.ways.find(ggml_type_name(type));
    if (set != plan.ways.end()) return set->second;
    if (!plan.measured || type == GGML_TYPE_F32 || weightsOf(linears) < fewestWeights) return device_.kernels(largest.weight)->forward.name;
    return fastestWay(device_, largest.weight, bytesOf(linears) <= copyRoom(plan, type));
}

// What a copy of the weights of a type may take.
size_t Model::copyRoom(const ForwardPlan & plan, ggml_type type) const {
    return plan.ways.count(ggml_type_name(type)) > 0 ? SIZE_MAX : plan.copyBytes - std::min(plan.copyBytes, copiedBytes());
}

void Model::chooseForward(const ForwardPlan & plan) {
    if (device_.kernels(head.weight) == nullptr) return;
    std::map<ggml_type, std::vector<Linear *>> byType;
    for (const NamedLinear & named : linears_) byType[named.linear->weight->type].push_back(named.linear);
    byType[head.weight->type].push_back(&head);
    const std::vector<ggml_backend_buffer_type_t> kinds = device_.extraBufferTypes();
    for (const auto & [type, linears] : byType) {
        const LinearKernels & kernels = *device_.kernels(linears.front()->weight);
        std::string way = wayOf(type, linears, plan);
        const auto kind = std::find_if(kinds.begin(), kinds.end(), [&](auto one) { return way == ggml_backend_buft_name(one); });
        if (way == plainGgml) for (Linear * linear : linears) linear->served = linear->weight;
        else if (kind == kinds.end() || !copyForForward(*kind, linears, copyRoom(plan, type))) way = kernels.forward.name;
        products_[ggml_type_name(type)] = {way, kernels.backward.name};
    }
}

// Copies those of them whose shape the buffer type takes; false where it takes none, or there is no room.
bool Model::copyForForward(ggml_backend_buffer_type_t kind, const std::vector<Linear *> & linears, size_t room) {
    ContextPtr context = tensorContext(linears.size());
    std::vector<std::pair<Linear *, ggml_tensor *>> copies;
    for (Linear * linear : linears)
        if (takes(device_, kind, linear->weight)) copies.emplace_back(linear, ggml_new_tensor_2d(context.get(), linear->weight->type, linear->in(), linear->out()));
    if (copies.empty() || ggml_backend_alloc_ctx_tensors_from_buft_size(context.get(), kind) > room) return false;
    BufferPtr buffer(ggml_backend_alloc_ctx_tensors_from_buft(context.get(), kind));
    if (!buffer) return false;
    ggml_backend_buffer_set_usage(buffer.get(), GGML_BACKEND_BUFFER_USAGE_WEIGHTS);
    for (const auto & [linear, copy] : copies) {
        ggml_backend_tensor_set(copy, linear->weight->data, 0, ggml_nbytes(copy));
        linear->served = copy;
    }
    servedContexts_.push_back(std::move(context));
    servedBuffers_.push_back(std::move(buffer));
    return true;
}

size_t Model::copiedBytes() const {
    size_t bytes = transposedStaging_.bytes() + (transposedBuffer_ ? ggml_backend_buffer_get_size(transposedBuffer_.get()) : 0);
    for (const BufferPtr & buffer : servedBuffers_) bytes += ggml_backend_buffer_get_size(buffer.get());
    return bytes;
}
