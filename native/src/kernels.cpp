#include "kernels.h"

const float * PanelSource::floats(int64_t row, int64_t start, int64_t count, float * scratch) const {
    const char * at = (const char *) data + row * stride + ggml_row_size(type, start);
    if (type == GGML_TYPE_F32) return (const float *) at;
    ggml_get_type_traits(type)->to_float(at, scratch, count);
    return scratch;
}
