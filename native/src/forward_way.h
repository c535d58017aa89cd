// How a processor multiplies W·x fastest: by our own kernel, by ggml's with the weight as it lies, or by ggml's with a
// copy in an extra buffer type of its CPU backend (repacked weights, AMX). It depends on the processor and the type of the
// weight, and is measured. All of them compute what llama.cpp computes, but for the order of F32 sums (types where that is not
// so stay with our kernel).
#pragma once
#include <map>
#include <string>

#include "device.h"

// ggml's product with the weight as it lies. Other ways are called as our kernel (Kernels::name) or as the buffer type.
constexpr const char * plainGgml = "ggml";

// By type, in ggml's name of it, e.g. q4_K.
using ForwardWays = std::map<std::string, std::string>;

struct ForwardPlan {
    // Those that are set, whatever they cost. A way that this processor does not have counts as our kernel.
    ForwardWays ways;
    // Whether others are measured; else our kernels multiply.
    bool measured = true;
    // What copies may take together that are not set.
    size_t copyBytes = 0;
};

// Whether ggml multiplies with this weight when it lies in a buffer of this type.
bool takes(const Device & device, ggml_backend_buffer_type_t kind, const ggml_tensor * weight);

// The fastest way for weights of the type and about the shape of `weight`, whose data lies in memory. Ours unless another
// is clearly faster. Remembered for the process by type and `mayCopy`.
std::string fastestWay(Device & device, const ggml_tensor * weight, bool mayCopy);
