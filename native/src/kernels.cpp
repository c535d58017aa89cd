#include "kernels.h"

#include "rounding.h"

const float * PanelSource::floats(int64_t row, int64_t start, int64_t count, float * scratch) const {
    const char * at = (const char *) data + row * stride + ggml_row_size(type, start);
    if (type == GGML_TYPE_F32) return (const float *) at;
    ggml_get_type_traits(type)->to_float(at, scratch, count);
    return scratch;
}

const Kernels & servedKernels(ggml_type weight) {
    if (const Kernels * integer = integerKernels(weight)) return *integer;
    if (servedRounding(weight) == Rounding::bf16 && bf16Kernels() != nullptr) return *bf16Kernels();
    return roundedKernels(weight);
}
