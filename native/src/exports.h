// Files made from a model: merged with an adapter, or quantized by llama.cpp.
#pragma once
#include <functional>
#include <string>

// W + (alpha/rank)·B·A for every pair of the adapter. Merged tensors become F16 (F32 ones stay F32), the rest is copied
// byte for byte. Written beside `output` and renamed.
void mergeAdapter(const std::string & model, const std::string & adapter, const std::string & output, const std::string & libraries,
                  int threads, const std::function<bool()> & cancelled);

// `llama_model_quantize` of the libllama in `libraries`; `type` by llama.cpp's name (Q8_0, Q4_K_M, …).
void quantizeModel(const std::string & input, const std::string & output, const std::string & type, const std::string & libraries, int threads);
