// GGUF reading and writing around ggml's own gguf functions: every read is checked, every write is beside, fsynced, renamed.
#pragma once
#include <ggml.h>
#include <gguf.h>

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
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

// One file whose tensors all lie within it.
struct GgufPart {
    explicit GgufPart(const std::string & path);

    std::string path;
    std::unique_ptr<MappedFile> file;
    GgufPtr gguf;
    ContextPtr tensors;
};

// An opened GGUF; a model in several files (NAME-00001-of-00003.gguf) is opened as a whole from any of them. Throws
// `model-not-found`, `model-corrupt`, `model-unsupported`.
class GgufFile {
  public:
    explicit GgufFile(const std::string & path);

    // The file; of several the first.
    const std::string & path() const { return parts_[0].path; }
    // The metadata; of several files the first's, which has all of it.
    gguf_context * gguf() const { return parts_[0].gguf.get(); }
    // A copy of it for a file that is written: one file, with ggml's own alignment.
    GgufPtr metadata() const;
    const std::vector<GgufPart> & parts() const { return parts_; }
    // Bytes of all files.
    size_t size() const;
    // In the order of the files.
    const std::vector<ggml_tensor *> & tensors() const { return tensors_; }
    ggml_tensor * find(const std::string & name) const;
    // Where the tensor's bytes lie in its mapped file.
    const uint8_t * bytes(const ggml_tensor * tensor) const;
    // The tensor as F32, row-major, any type that ggml can de-quantize.
    std::vector<float> floats(const ggml_tensor * tensor) const;

    bool has(const std::string & key) const { return gguf_find_key(gguf(), key.c_str()) >= 0; }
    // A value of the asked kind or the default; a wrong kind is `model-corrupt`.
    std::string text(const std::string & key, const std::string & otherwise) const;
    double number(const std::string & key, double otherwise) const;
    // A number that must be there; arrays count when all their values are equal (per-layer settings).
    double required(const std::string & key) const;
    // A number or an array of numbers; empty when the key is missing.
    std::vector<double> numbers(const std::string & key) const;

  private:
    struct Place {
        ggml_tensor * tensor;
        const uint8_t * bytes;
    };
    std::vector<GgufPart> parts_;
    std::vector<ggml_tensor *> tensors_;
    std::unordered_map<std::string, Place> places_;
};

// Writes `gguf` (with its tensors' host data) beside `path`, fsyncs, renames. `disk-full` and `read-only` as codes.
void writeGguf(const gguf_context * gguf, const std::string & path);
// Ends a file that was written beside its place: fsync and rename. Removes it when that fails.
void publishFile(const std::string & partial, const std::string & path);
Failure writeFailure(const std::string & path);
