// GGUF reading and writing around ggml's own gguf functions: every read is checked, every write is beside, fsynced, renamed.
#pragma once
#include <ggml.h>
#include <gguf.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "device.h"
#include "failure.h"

struct GgufFree { void operator()(gguf_context * gguf) const { gguf_free(gguf); } };
using GgufPtr = std::unique_ptr<gguf_context, GgufFree>;

// A read-only view of a whole file.
class MappedFile {
  public:
    explicit MappedFile(const std::string & path);
    ~MappedFile();
    MappedFile(const MappedFile &) = delete;
    MappedFile & operator=(const MappedFile &) = delete;
    const uint8_t * data() const { return data_; }
    size_t size() const { return size_; }

  private:
    uint8_t * data_ = nullptr;
    size_t size_ = 0;
    void * handle_ = nullptr;
};

// An opened GGUF whose tensors all lie within the file. Throws `model-not-found` or `model-corrupt`.
class GgufFile {
  public:
    explicit GgufFile(const std::string & path);

    const std::string & path() const { return path_; }
    gguf_context * gguf() const { return gguf_.get(); }
    ggml_context * tensors() const { return tensors_.get(); }
    const MappedFile & file() const { return *file_; }
    ggml_tensor * find(const std::string & name) const { return ggml_get_tensor(tensors_.get(), name.c_str()); }
    // Where the tensor's bytes lie in the mapped file.
    const uint8_t * bytes(const ggml_tensor * tensor) const;
    // The tensor as F32, row-major, any type that ggml can de-quantize.
    std::vector<float> floats(const ggml_tensor * tensor) const;

    bool has(const std::string & key) const { return gguf_find_key(gguf_.get(), key.c_str()) >= 0; }
    // A value of the asked kind or the default; a wrong kind is `model-corrupt`.
    std::string text(const std::string & key, const std::string & otherwise) const;
    double number(const std::string & key, double otherwise) const;
    // A number that must be there; arrays count when all their values are equal (per-layer settings).
    double required(const std::string & key) const;
    // A number or an array of numbers; empty when the key is missing.
    std::vector<double> numbers(const std::string & key) const;

  private:
    std::string path_;
    std::unique_ptr<MappedFile> file_;
    GgufPtr gguf_;
    ContextPtr tensors_;
};

// Writes `gguf` (with its tensors' host data) beside `path`, fsyncs, renames. `disk-full` and `read-only` as codes.
void writeGguf(const gguf_context * gguf, const std::string & path);
// Ends a file that was written beside its place: fsync and rename. Removes it when that fails.
void publishFile(const std::string & partial, const std::string & path);
Failure writeFailure(const std::string & path);
