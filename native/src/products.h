// Nodes of a graph that multiply by our own kernels (kernels.h), on the CPU.
#pragma once
#include <vector>

#include "device.h"
#include "kernels.h"

// The rows of x as products read them: [columns (padded), rows, batches]; x itself where they do so as it lies.
ggml_tensor * productRows(GraphRunner & runner, const Kernels & kernels, ggml_tensor * x);
// The columns of every batch as rows: for products that sum over the rows of `x`.
ggml_tensor * productColumns(GraphRunner & runner, const Kernels & kernels, ggml_tensor * x);

// matrix·x, or matrixᵀ·x where `turned`: ne {in, out, batches} as ggml has it, any type, rows at any distance.
struct ProductTerm {
    const Kernels & kernels;
    ggml_tensor * matrix;
    bool turned;
    ggml_tensor * rows;  // of productRows or productColumns by the same kernels
};

// The sum of at most four products, each [out (turned: in), rows, batches] F32.
ggml_tensor * sumOfProducts(GraphRunner & runner, const std::vector<ProductTerm> & terms);
// target += the product, in place.
ggml_tensor * addProduct(GraphRunner & runner, ggml_tensor * target, const ProductTerm & term);
