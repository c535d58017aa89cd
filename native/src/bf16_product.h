// Nodes of a graph that multiply in bfloat16 (bf16_kernels.h). For bases whose weights are no F32 themselves: rounding
// the activations to 8 bits of mantissa costs no more than what quantizing took, and the sums are F32.
#pragma once
#include <vector>

#include "device.h"

// Rows of F32 as rows of bfloat16 that products read: [columns + padding, rows, batches].
ggml_tensor * bf16Rows(GraphRunner & runner, ggml_tensor * x);
// The columns of every batch as rows: products that sum over the rows of `x`.
ggml_tensor * bf16Columns(GraphRunner & runner, ggml_tensor * x);

// matrix·x, or matrixᵀ·x where `turned`: ne {in, out, batches} as ggml has it, any type, rows at any distance.
struct ProductTerm {
    ggml_tensor * matrix;
    bool turned;
    ggml_tensor * rows;  // of bf16Rows or bf16Columns
};

// The sum of at most four products, each [out (turned: in), rows, batches] F32.
ggml_tensor * bf16Product(GraphRunner & runner, const std::vector<ProductTerm> & terms);
// target += the product, in place.
ggml_tensor * bf16AddProduct(GraphRunner & runner, ggml_tensor * target, const ProductTerm & term);
