// Memory on the device that the tensors of one layer after another share, where there is no room for all of them.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "device.h"

class Staging {
  public:
    // The bytes of a tensor, wherever the host has them.
    using Bytes = std::function<const uint8_t *(const ggml_tensor * tensor)>;

    // Gives every tensor its place; those of one group lie beside each other, groups over each other. Throws
    // `gpu-out-of-memory` naming `what` when there is no room for the largest group.
    void place(const Device & device, std::vector<std::vector<ggml_tensor *>> groups, const std::string & what);
    // Copies the tensors of a group there, unless they are what was copied last.
    void bring(size_t group, const Bytes & bytes);
    bool holds(const ggml_tensor * tensor) const { return buffer_ && tensor->buffer == buffer_.get(); }
    size_t bytes() const { return buffer_ ? ggml_backend_buffer_get_size(buffer_.get()) : 0; }

    // Bytes that the largest of these groups takes.
    static size_t bytesFor(const Device & device, const std::vector<std::vector<ggml_tensor *>> & groups);

  private:
    std::vector<std::vector<ggml_tensor *>> groups_;
    BufferPtr buffer_;
    size_t held_ = SIZE_MAX;
};
