#include "exports.h"

#include <cstdio>
#include <cstring>
#include <filesystem>
#include <map>

#include "device.h"
#include "failure.h"
#include "gguf_file.h"
#include "libraries.h"

namespace {
struct FileClose { void operator()(FILE * file) const { std::fclose(file); } };
using FilePtr = std::unique_ptr<FILE, FileClose>;

struct Pair {
    const ggml_tensor * a;
    const ggml_tensor * b;
};

Failure mismatch(const std::string & path, const std::string & why) {
    return Failure("adapter-mismatch", path + " does not fit this model: " + why + ".", "It was made for another model or is damaged.",
                   "Choose the adapter that belongs to the model.");
}

std::map<std::string, Pair> pairsOf(const GgufFile & model, const GgufFile & adapter) {
    if (adapter.text("adapter.type", "") != "lora" || adapter.parts().size() > 1) throw mismatch(adapter.path(), "it is not a LoRA adapter in one file");
    if (adapter.text("general.architecture", "") != model.text("general.architecture", "?")) throw mismatch(adapter.path(), "it was made for another architecture");
    const std::string suffix = ".lora_a";
    std::map<std::string, Pair> pairs;
    for (const ggml_tensor * a : adapter.tensors()) {
        const std::string name = a->name;
        if (name.size() <= suffix.size() || name.compare(name.size() - suffix.size(), suffix.size(), suffix) != 0) continue;
        const std::string tensor = name.substr(0, name.size() - suffix.size());
        const ggml_tensor * b = adapter.find(tensor + ".lora_b");
        const ggml_tensor * w = model.find(tensor);
        if (b == nullptr || w == nullptr) throw mismatch(adapter.path(), tensor + " has no counterpart");
        if (a->ne[0] != w->ne[0] || b->ne[1] != w->ne[1] || a->ne[1] != b->ne[0]) throw mismatch(adapter.path(), tensor + " has another shape");
        pairs[tensor] = {a, b};
    }
    if (pairs.empty()) throw mismatch(adapter.path(), "it holds no pairs");
    return pairs;
}

// [out][in] row-major: W + scale·B·A on the device.
std::vector<float> mergedWeights(Device & device, GraphRunner & runner, const GgufFile & model, const GgufFile & adapter, const ggml_tensor * w, const Pair & pair, float scale) {
    const int64_t in = w->ne[0], out = w->ne[1], rank = pair.a->ne[1];
    ContextPtr inputs = tensorContext(3);
    ggml_tensor * base = ggml_new_tensor_2d(inputs.get(), GGML_TYPE_F32, in, out);
    ggml_tensor * a = ggml_new_tensor_2d(inputs.get(), GGML_TYPE_F32, in, rank);
    ggml_tensor * b = ggml_new_tensor_2d(inputs.get(), GGML_TYPE_F32, rank, out);
    BufferPtr buffer = device.allocate(inputs.get(), std::string("merging ") + w->name);
    const auto fill = [](ggml_tensor * target, const std::vector<float> & values) { ggml_backend_tensor_set(target, values.data(), 0, ggml_nbytes(target)); };
    fill(base, model.floats(w));
    fill(a, adapter.floats(pair.a));
    fill(b, adapter.floats(pair.b));
    runner.begin(16);
    ggml_context * c = runner.context();
    ggml_tensor * delta = device.multiply(c, ggml_cont(c, ggml_transpose(c, a)), b);
    ggml_tensor * sum = runner.expand(ggml_add(c, base, ggml_scale(c, delta, scale)));
    ggml_set_output(sum);
    runner.allocate();
    runner.compute();
    std::vector<float> result((size_t) (in * out));
    ggml_backend_tensor_get(sum, result.data(), 0, ggml_nbytes(sum));
    return result;
}

void writeAll(FILE * file, const void * data, size_t bytes, const std::string & path) {
    if (bytes > 0 && std::fwrite(data, 1, bytes, file) != bytes) throw writeFailure(path);
}

void writeMerged(FILE * file, const gguf_context * meta, const GgufFile & model, const GgufFile & adapter, const std::map<std::string, Pair> & pairs,
                 const std::string & output, const std::string & libraries, int threads, const std::function<bool()> & cancelled) {
    Device device(libraries, false, threads);
    GraphRunner runner(device);
    const float alpha = (float) adapter.number("adapter.lora.alpha", 0);
    const size_t alignment = gguf_get_alignment(meta);
    std::vector<uint8_t> header(gguf_get_meta_size(meta));
    gguf_get_meta_data(meta, header.data());
    writeAll(file, header.data(), header.size(), output);
    const std::vector<uint8_t> zeros(alignment, 0);
    for (int64_t i = 0; i < gguf_get_n_tensors(meta); i++) {
        if (cancelled()) throw Failure("cancelled", "The merge was stopped.", "", "Start it again when you like.");
        const ggml_tensor * w = model.find(gguf_get_tensor_name(meta, i));
        const size_t bytes = gguf_get_tensor_size(meta, i);
        const auto pair = pairs.find(w->name);
        if (pair == pairs.end()) {
            writeAll(file, model.bytes(w), bytes, output);
        } else {
            const float scale = alpha == 0 ? 1.0f : alpha / (float) pair->second.a->ne[1];
            const std::vector<float> merged = mergedWeights(device, runner, model, adapter, w, pair->second, scale);
            std::vector<uint8_t> encoded(bytes);
            if (w->type == GGML_TYPE_F32) std::memcpy(encoded.data(), merged.data(), bytes);
            else ggml_fp32_to_fp16_row(merged.data(), (ggml_fp16_t *) encoded.data(), (int64_t) merged.size());
            writeAll(file, encoded.data(), bytes, output);
        }
        writeAll(file, zeros.data(), (alignment - bytes % alignment) % alignment, output);
    }
    if (std::fflush(file) != 0) throw writeFailure(output);
}
}  // namespace

void mergeAdapter(const std::string & modelPath, const std::string & adapterPath, const std::string & output, const std::string & libraries, int threads,
                  const std::function<bool()> & cancelled) {
    const GgufFile model(modelPath), adapter(adapterPath);
    const std::map<std::string, Pair> pairs = pairsOf(model, adapter);
    GgufPtr meta = model.metadata();
    bool allF32 = true;
    for (const ggml_tensor * w : model.tensors()) {
        gguf_add_tensor(meta.get(), w);
        if (ggml_n_dims(w) > 1 && w->type != GGML_TYPE_F32) allF32 = false;
        if (pairs.count(w->name) > 0 && w->type != GGML_TYPE_F32) gguf_set_tensor_type(meta.get(), w->name, GGML_TYPE_F16);
    }
    gguf_set_val_u32(meta.get(), "general.file_type", allF32 ? LLAMA_FTYPE_ALL_F32 : LLAMA_FTYPE_MOSTLY_F16);

    const std::string partial = output + ".partial";
    try {
        FilePtr file(std::fopen(partial.c_str(), "wb"));
        if (!file) throw writeFailure(output);
        writeMerged(file.get(), meta.get(), model, adapter, pairs, output, libraries, threads, cancelled);
    } catch (...) {
        std::error_code ignored;
        std::filesystem::remove(std::filesystem::u8path(partial), ignored);
        throw;
    }
    publishFile(partial, output);
}

void quantizeModel(const std::string & input, const std::string & output, const std::string & type, const std::string & libraries, int threads) {
    static const std::map<std::string, llama_ftype> types = {
        {"F32", LLAMA_FTYPE_ALL_F32},          {"F16", LLAMA_FTYPE_MOSTLY_F16},       {"BF16", LLAMA_FTYPE_MOSTLY_BF16},
        {"Q8_0", LLAMA_FTYPE_MOSTLY_Q8_0},     {"Q6_K", LLAMA_FTYPE_MOSTLY_Q6_K},     {"Q5_K_M", LLAMA_FTYPE_MOSTLY_Q5_K_M},
        {"Q4_K_M", LLAMA_FTYPE_MOSTLY_Q4_K_M}, {"Q4_0", LLAMA_FTYPE_MOSTLY_Q4_0},
        {"IQ4_XS", LLAMA_FTYPE_MOSTLY_IQ4_XS},
    };
    const auto found = types.find(type);
    if (found == types.end()) throw Failure("bad-setting", type + " is not a type that can be written.", "", "Choose Q8_0, Q6_K, Q5_K_M, Q4_K_M, Q4_0, IQ4_XS, BF16, F16 or F32.");
    GgufFile checked(input);  // every tensor lies within the file, or llama.cpp would read past its end
    const Libraries & llama = loadLibraries(libraries, Use::cpu, true);
    llama_model_quantize_params params = llama.quantizeDefaults();
    params.ftype = found->second;
    params.nthread = threads;
    params.allow_requantize = true;
    // llama.cpp lays tensors out by ggml's own alignment, whatever other one the file's metadata names.
    llama_model_kv_override overrides[2]{};
    overrides[0].tag = LLAMA_KV_OVERRIDE_TYPE_INT;
    std::snprintf(overrides[0].key, sizeof overrides[0].key, "%s", GGUF_KEY_GENERAL_ALIGNMENT);
    overrides[0].val_i64 = GGUF_DEFAULT_ALIGNMENT;
    if (checked.has(GGUF_KEY_GENERAL_ALIGNMENT)) params.kv_overrides = overrides;
    const std::string partial = output + ".partial";
    if (llama.quantize(checked.path().c_str(), partial.c_str(), &params) != 0) {
        std::error_code ignored;
        const std::filesystem::path folder = std::filesystem::u8path(output).parent_path();
        const auto space = std::filesystem::space(folder.empty() ? "." : folder, ignored);
        std::filesystem::remove(std::filesystem::u8path(partial), ignored);
        if (space.available < checked.size() / 8)
            throw Failure("disk-full", "No space is left to write " + output + ".", "", "Free some space and export again.");
        throw Failure("model-unsupported", input + " cannot be quantized to " + type + ".", "llama.cpp refused it.", "Choose another type, such as Q8_0 or F16.");
    }
    publishFile(partial, output);
}
