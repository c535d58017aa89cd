#include "derivatives.h"

ggml_tensor * rmsNormBack(const Device & device, ggml_context * c, ggml_tensor * dy, ggml_tensor * x, float epsilon) {
    if (device.has(GGML_OP_RMS_NORM_BACK)) return ggml_rms_norm_back(c, dy, x, epsilon);
    // (dy − x·mean(dy⊙x) / m) / √m with m = mean(x²) + ε
    ggml_tensor * m = ggml_scale_bias(c, ggml_mean(c, ggml_sqr(c, x)), 1.0f, epsilon);
    ggml_tensor * along = ggml_div(c, ggml_mean(c, ggml_mul(c, dy, x)), m);
    return ggml_div(c, ggml_sub(c, dy, ggml_mul(c, x, along)), ggml_sqrt(c, m));
}

ggml_tensor * softMaxBack(const Device & device, ggml_context * c, ggml_tensor * dP, ggml_tensor * p, float scale) {
    if (device.has(GGML_OP_SOFT_MAX_BACK)) return ggml_soft_max_ext_back(c, dP, p, scale, 0.0f);
    // P ⊙ (dP − Σ dP⊙P)·scale
    ggml_tensor * expected = ggml_sum_rows(c, ggml_mul(c, dP, p));
    return ggml_scale(c, ggml_mul(c, p, ggml_sub(c, dP, expected)), scale);
}
