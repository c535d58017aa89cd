// Failures that reach JavaScript as { code, message, reason, action }: the codes are those of core/contract/errors.ts.
#pragma once
#include <stdexcept>
#include <string>

struct Failure : std::runtime_error {
    std::string code;
    std::string reason;
    std::string action;

    Failure(std::string code, const std::string & message, std::string reason, std::string action)
        : std::runtime_error(message), code(std::move(code)), reason(std::move(reason)), action(std::move(action)) {}
};

inline Failure corruptModel(const std::string & path, const std::string & why) {
    return Failure("model-corrupt", path + " is not a usable GGUF: " + why + ".", "The file is damaged or incomplete.",
                   "Download or copy the file again and compare its size.");
}

inline Failure unsupportedModel(const std::string & path, const std::string & what) {
    return Failure("model-unsupported", path + " cannot be trained: " + what + ".",
                   "The trainer knows dense models of llama, mistral3, smollm3, qwen2, qwen3, gemma, gemma2, gemma3, phi3, granite and olmo2.",
                   "Choose a supported model.");
}

inline Failure outOfMemory(const std::string & what, size_t bytes) {
    return Failure("out-of-memory", "Not enough memory for " + what + " (" + std::to_string(bytes >> 20) + " MiB).",
                   "The machine has less free memory than this run needs.",
                   "Lower the maximum length, the questions per batch or the rank, or close other programs.");
}
