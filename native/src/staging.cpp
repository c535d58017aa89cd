#include "staging.h"

#include <algorithm>

size_t Staging::bytesFor(const Device & device, const std::vector<std::vector<ggml_tensor *>> & groups) {
    size_t largest = 0;
    for (const auto & group : groups) {
        size_t bytes = 0;
        for (const ggml_tensor * tensor : group) bytes += device.bytesOf(tensor);
        largest = std::max(largest, bytes);
    }
    return largest;
}

void Staging::place(const Device & device, std::vector<std::vector<ggml_tensor *>> groups, const std::string & what) {
    const size_t bytes = bytesFor(device, groups);
    if (bytes == 0) return;
    buffer_ = device.allocate(bytes, what);
    ggml_backend_buffer_set_usage(buffer_.get(), GGML_BACKEND_BUFFER_USAGE_WEIGHTS);
    for (const auto & group : groups) {
        ggml_tallocr allocator = ggml_tallocr_new(buffer_.get());
        for (ggml_tensor * tensor : group)
            if (ggml_tallocr_alloc(&allocator, tensor) != GGML_STATUS_SUCCESS) throw device.memoryFailure(what, bytes);
    }
    groups_ = std::move(groups);
}

void Staging::bring(size_t group, const Bytes & bytes) {
    if (held_ == group) return;
    held_ = SIZE_MAX;  // of a copy that fails half-way nothing is held
    for (ggml_tensor * tensor : groups_[group]) {
        // CUDA pads the rows of quantized matrices and reads the padding, which another layer has written over: this
        // clears it.
        ggml_backend_buffer_init_tensor(tensor->buffer, tensor);
        ggml_backend_tensor_set(tensor, bytes(tensor), 0, ggml_nbytes(tensor));
    }
    held_ = group;
}
