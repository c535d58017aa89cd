// The ggml and llama libraries that node-llama-cpp ships, resolved at run time.
// Only libggml-base is linked (the same file in every variant); the registry and libllama carry the variant in their
// names (libggml.v0.5.0.so, libggml.cuda.v0.5.0.so), so their functions are looked up in the folder that is given.
#pragma once
#include <ggml-backend.h>
#include <llama.h>

#include <string>

struct Libraries {
    ggml_backend_dev_t (*deviceByType)(enum ggml_backend_dev_type type) = nullptr;
    size_t (*deviceCount)() = nullptr;
    ggml_backend_dev_t (*deviceAt)(size_t index) = nullptr;
    llama_model_quantize_params (*quantizeDefaults)() = nullptr;
    uint32_t (*quantize)(const char * input, const char * output, const llama_model_quantize_params * params) = nullptr;
    void (*llamaLogSet)(ggml_log_callback callback, void * data) = nullptr;
};

// What of a folder is used: all variants hold the same code for the CPU, so a process that has loaded one needs no other.
enum class Use { cpu, gpu };

// Loads the registry of `folder` and its backends once per process; libllama only when `withLlama`.
// `native-mismatch` when the GPU of one variant is wanted where another is loaded already.
const Libraries & loadLibraries(const std::string & folder, Use use, bool withLlama = false);
