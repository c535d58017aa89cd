// Derivatives that some backends have as one operation and others lack (Metal: both), from operations that all have.
#pragma once
#include "device.h"

// dx of y = x / √(mean(x²) + ε), row by row.
ggml_tensor * rmsNormBack(const Device & device, ggml_context * context, ggml_tensor * dy, ggml_tensor * x, float epsilon);
// dS of P = softmax(scale·S), row by row.
ggml_tensor * softMaxBack(const Device & device, ggml_context * context, ggml_tensor * dProbabilities, ggml_tensor * probabilities, float scale);
