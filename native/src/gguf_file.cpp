#include "gguf_file.h"

#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#ifdef _WIN32
#include <io.h>
#include <windows.h>
#else
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

namespace fs = std::filesystem;

namespace {
Failure notFound(const std::string & path) {
    return Failure("model-not-found", path + " cannot be opened.", "The file does not exist or may not be read.", "Check the path.");
}
}  // namespace

#ifdef _WIN32
MappedFile::MappedFile(const std::string & path) {
    HANDLE file = CreateFileW(fs::u8path(path).wstring().c_str(), GENERIC_READ, FILE_SHARE_READ, nullptr, OPEN_EXISTING, 0, nullptr);
    LARGE_INTEGER size{};
    if (file == INVALID_HANDLE_VALUE || !GetFileSizeEx(file, &size)) throw notFound(path);
    size_ = (size_t) size.QuadPart;
    HANDLE mapping = size_ == 0 ? nullptr : CreateFileMappingW(file, nullptr, PAGE_READONLY, 0, 0, nullptr);
    CloseHandle(file);
    if (mapping == nullptr) throw corruptModel(path, "it is empty");
    data_ = (uint8_t *) MapViewOfFile(mapping, FILE_MAP_READ, 0, 0, 0);
    handle_ = mapping;
    if (data_ == nullptr) { CloseHandle(mapping); throw notFound(path); }
}
MappedFile::~MappedFile() { UnmapViewOfFile(data_); CloseHandle(handle_); }
#else
MappedFile::MappedFile(const std::string & path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat status{};
    if (file < 0 || ::fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) {
        if (file >= 0) ::close(file);
        throw notFound(path);
    }
    size_ = (size_t) status.st_size;
    void * map = size_ == 0 ? MAP_FAILED : ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, file, 0);
    ::close(file);
    if (map == MAP_FAILED) throw corruptModel(path, "it is empty");
    data_ = static_cast<uint8_t *>(map);
}
MappedFile::~MappedFile() { ::munmap(data_, size_); }
#endif

GgufPart::GgufPart(const std::string & path) : path(path), file(std::make_unique<MappedFile>(path)) {
    ggml_context * described = nullptr;
    gguf_init_params params{};
    params.no_alloc = true;
    params.ctx = &described;
    gguf.reset(gguf_init_from_file(path.c_str(), params));
    tensors.reset(described);
    if (!gguf || !tensors) throw corruptModel(path, "its header cannot be read");
    const size_t start = gguf_get_data_offset(gguf.get());
    for (int64_t i = 0; i < gguf_get_n_tensors(gguf.get()); i++) {
        const size_t offset = gguf_get_tensor_offset(gguf.get(), i);
        const size_t bytes = gguf_get_tensor_size(gguf.get(), i);
        if (start > file->size() || offset > file->size() - start || bytes > file->size() - start - offset)
            throw corruptModel(path, std::string("tensor ") + gguf_get_tensor_name(gguf.get(), i) + " reaches past the end of the file");
    }
}

namespace {
double scalar(gguf_type type, const void * data, size_t index) {
    switch (type) {
        case GGUF_TYPE_UINT8: return static_cast<const uint8_t *>(data)[index];
        case GGUF_TYPE_INT8: return static_cast<const int8_t *>(data)[index];
        case GGUF_TYPE_UINT16: return static_cast<const uint16_t *>(data)[index];
        case GGUF_TYPE_INT16: return static_cast<const int16_t *>(data)[index];
        case GGUF_TYPE_UINT32: return static_cast<const uint32_t *>(data)[index];
        case GGUF_TYPE_INT32: return static_cast<const int32_t *>(data)[index];
        case GGUF_TYPE_FLOAT32: return static_cast<const float *>(data)[index];
        case GGUF_TYPE_UINT64: return (double) static_cast<const uint64_t *>(data)[index];
        case GGUF_TYPE_INT64: return (double) static_cast<const int64_t *>(data)[index];
        case GGUF_TYPE_FLOAT64: return static_cast<const double *>(data)[index];
        case GGUF_TYPE_BOOL: return static_cast<const int8_t *>(data)[index] != 0;
        default: return NAN;
    }
}

// A number or an array of numbers; empty when the key is missing.
std::vector<double> numbersOf(const GgufPart & part, const std::string & key) {
    const gguf_context * gguf = part.gguf.get();
    const int64_t id = gguf_find_key(gguf, key.c_str());
    if (id < 0) return {};
    gguf_type type = gguf_get_kv_type(gguf, id);
    const bool array = type == GGUF_TYPE_ARRAY;
    if (array) type = gguf_get_arr_type(gguf, id);
    const size_t count = array ? gguf_get_arr_n(gguf, id) : 1;
    if (type == GGUF_TYPE_STRING || type == GGUF_TYPE_ARRAY || count == 0) throw corruptModel(part.path, key + " is not a number");
    const void * data = array ? gguf_get_arr_data(gguf, id) : gguf_get_val_data(gguf, id);
    std::vector<double> values(count);
    for (size_t i = 0; i < count; i++) {
        values[i] = scalar(type, data, i);
        if (!std::isfinite(values[i])) throw corruptModel(part.path, key + " is not a finite number");
    }
    return values;
}

// A whole number or -1.
int64_t wholeOf(const GgufPart & part, const std::string & key) {
    const std::vector<double> values = numbersOf(part, key);
    return values.size() == 1 && values[0] >= 0 && values[0] <= INT32_MAX && values[0] == std::floor(values[0]) ? (int64_t) values[0] : -1;
}

std::string architectureOf(const GgufPart & part) {
    const int64_t id = gguf_find_key(part.gguf.get(), "general.architecture");
    return id >= 0 && gguf_get_kv_type(part.gguf.get(), id) == GGUF_TYPE_STRING ? gguf_get_val_str(part.gguf.get(), id) : "";
}

// How the names of the parts end, `part` from 1; llama.cpp knows no other names.
std::string splitEnding(int64_t part, int64_t count) {
    char ending[64];
    std::snprintf(ending, sizeof ending, "-%05lld-of-%05lld.gguf", (long long) part, (long long) count);
    return ending;
}

// Of how many parts the name says that the file is one; 1 for a name that says nothing.
int64_t countByName(const std::string & path) {
    const size_t length = splitEnding(1, 2).size();
    if (path.size() < length) return 1;
    const std::string ending = path.substr(path.size() - length);
    const int64_t part = std::atoll(ending.c_str() + 1), count = std::atoll(ending.c_str() + 10);
    return part >= 0 && ending == splitEnding(part, count) ? count : 1;
}

GgufPart openPart(const std::string & path, int64_t part, int64_t count) {
    try {
        return GgufPart(path);
    } catch (const Failure & failure) {
        if (failure.code != "model-not-found") throw;
        throw Failure("model-not-found", path + " is missing: it is part " + std::to_string(part) + " of a model in " + std::to_string(count) + " files.",
                      "It was not downloaded, or lies in another folder.", "Put all parts into one folder, under the names that they were published with.");
    }
}

// Names and keys must say the same, as they must for llama.cpp and for core/models/splitModel.ts.
std::string splitPrefix(const GgufPart & named, int64_t part, int64_t count) {
    const std::string ending = splitEnding(part, count);
    const size_t length = named.path.size();
    if (length < ending.size() || named.path.compare(length - ending.size(), ending.size(), ending) != 0)
        throw Failure("model-not-found", named.path + " is part " + std::to_string(part) + " of a model in " + std::to_string(count) + " files, and its name does not lead to the others.",
                      "The parts of a model are found by their names; this one was renamed.", "Give it back its name, which ends in " + ending + ".");
    return named.path.substr(0, length - ending.size());
}

void checkPart(const GgufPart & part, const GgufPart & first, int64_t index, int64_t count) {
    if (wholeOf(part, "split.no") != index || wholeOf(part, "split.count") != count)
        throw corruptModel(part.path, "it is not part " + std::to_string(index + 1) + " of the model in " + first.path);
    const std::string architecture = architectureOf(part);
    if (!architecture.empty() && architecture != architectureOf(first)) throw corruptModel(part.path, "it has another architecture than " + first.path);
    if (wholeOf(part, "split.tensors.count") != wholeOf(first, "split.tensors.count"))
        throw corruptModel(part.path, "it belongs to a model with another number of tensors than " + first.path);
}

std::vector<GgufPart> openParts(const std::string & path) {
    std::vector<GgufPart> parts;
    parts.emplace_back(path);
    const int64_t count = gguf_find_key(parts[0].gguf.get(), "split.count") < 0 ? 1 : wholeOf(parts[0], "split.count");
    if (count < 0 || count > UINT16_MAX) throw corruptModel(path, "split.count is out of range");
    if (count <= 1) {
        if (countByName(path) > 1)
            throw Failure("model-unsupported", path + " is a model in one file, but its name says that it is part of several.",
                          "It was renamed, or was cut by a program that leaves no note of it in the file.", "If it is whole, rename it so that it does not end in -of-" + std::to_string(countByName(path)) + ".gguf.");
        return parts;
    }
    const std::string prefix = splitPrefix(parts[0], wholeOf(parts[0], "split.no") + 1, count);
    parts.clear();
    for (int64_t i = 0; i < count; i++) {
        parts.push_back(openPart(prefix + splitEnding(i + 1, count), i + 1, count));
        checkPart(parts.back(), parts.front(), i, count);
    }
    return parts;
}
}  // namespace

GgufFile::GgufFile(const std::string & path) : parts_(openParts(path)) {
    for (const GgufPart & part : parts_) {
        const uint8_t * data = part.file->data() + gguf_get_data_offset(part.gguf.get());
        for (ggml_tensor * t = ggml_get_first_tensor(part.tensors.get()); t != nullptr; t = ggml_get_next_tensor(part.tensors.get(), t)) {
            const size_t offset = gguf_get_tensor_offset(part.gguf.get(), gguf_find_tensor(part.gguf.get(), t->name));
            if (!places_.emplace(t->name, Place{t, data + offset}).second) throw corruptModel(part.path, std::string(t->name) + " is in another part as well");
            tensors_.push_back(t);
        }
    }
    if (parts_.size() == 1) return;
    const double expected = number("split.tensors.count", -1);
    if ((double) tensors_.size() != expected)
        throw corruptModel(this->path(), "its " + std::to_string(parts_.size()) + " parts hold " + std::to_string(tensors_.size()) + " tensors, not as many as it says");
}

GgufPtr GgufFile::metadata() const {
    GgufPtr copy(gguf_init_empty());
    gguf_set_kv(copy.get(), gguf());
    for (const char * key : {"split.no", "split.count", "split.tensors.count", GGUF_KEY_GENERAL_ALIGNMENT}) gguf_remove_key(copy.get(), key);
    return copy;
}

size_t GgufFile::size() const {
    size_t sum = 0;
    for (const GgufPart & part : parts_) sum += part.file->size();
    return sum;
}

ggml_tensor * GgufFile::find(const std::string & name) const {
    const auto found = places_.find(name);
    return found == places_.end() ? nullptr : found->second.tensor;
}

const uint8_t * GgufFile::bytes(const ggml_tensor * tensor) const { return places_.at(tensor->name).bytes; }

std::vector<float> GgufFile::floats(const ggml_tensor * tensor) const {
    std::vector<float> values((size_t) ggml_nelements(tensor));
    const uint8_t * data = bytes(tensor);
    if (tensor->type == GGML_TYPE_F32) {
        std::memcpy(values.data(), data, values.size() * sizeof(float));
        return values;
    }
    const ggml_type_traits * traits = ggml_get_type_traits(tensor->type);
    if (traits == nullptr || traits->to_float == nullptr)
        throw unsupportedModel(path(), std::string(tensor->name) + " has type " + ggml_type_name(tensor->type));
    const size_t rowBytes = ggml_row_size(tensor->type, tensor->ne[0]);
    const int64_t rows = ggml_nrows(tensor);
    for (int64_t row = 0; row < rows; row++)
        traits->to_float(data + row * rowBytes, values.data() + row * tensor->ne[0], tensor->ne[0]);
    return values;
}

std::string GgufFile::text(const std::string & key, const std::string & otherwise) const {
    const int64_t id = gguf_find_key(gguf(), key.c_str());
    if (id < 0) return otherwise;
    if (gguf_get_kv_type(gguf(), id) != GGUF_TYPE_STRING) throw corruptModel(path(), key + " is not text");
    return gguf_get_val_str(gguf(), id);
}

double GgufFile::number(const std::string & key, double otherwise) const { return has(key) ? required(key) : otherwise; }

double GgufFile::required(const std::string & key) const {
    const std::vector<double> values = numbers(key);
    if (values.empty()) throw corruptModel(path(), key + " is missing");
    for (double value : values)
        if (value != values[0]) throw unsupportedModel(path(), key + " differs from layer to layer");
    return values[0];
}

std::vector<double> GgufFile::numbers(const std::string & key) const { return numbersOf(parts_[0], key); }

Failure writeFailure(const std::string & path) {
    const int error = errno;
    if (error == ENOSPC || error == EDQUOT)
        return Failure("disk-full", "No space is left to write " + path + ".", "", "Free some space, then resume; nothing that was written before is lost.");
    return Failure("read-only", path + " cannot be written: " + std::strerror(error) + ".", "The folder is missing, read-only or belongs to somebody else.",
                   "Choose a folder that you may write to.");
}

void publishFile(const std::string & partial, const std::string & path) {
#ifndef _WIN32
    const int file = ::open(partial.c_str(), O_RDONLY | O_CLOEXEC);
    const bool synced = file >= 0 && ::fsync(file) == 0;
    const Failure failure = writeFailure(path);
    if (file >= 0) ::close(file);
    if (!synced) {
        fs::remove(fs::u8path(partial));
        throw failure;
    }
#endif
    std::error_code error;
    fs::rename(fs::u8path(partial), fs::u8path(path), error);
    if (error) {
        std::error_code ignored;
        fs::remove(fs::u8path(partial), ignored);
        errno = error.value();
        throw writeFailure(path);
    }
}

void writeGguf(const gguf_context * gguf, const std::string & path) {
    const std::string partial = path + ".partial";
    errno = 0;
    FILE * file = std::fopen(partial.c_str(), "wb");
    if (file == nullptr) throw writeFailure(path);
    const bool written = gguf_write_to_file_ptr(gguf, file, false) && std::fflush(file) == 0;
    const Failure failure = writeFailure(path);
    const bool closed = std::fclose(file) == 0;
    if (!written || !closed) {
        std::error_code ignored;
        fs::remove(fs::u8path(partial), ignored);
        throw failure;
    }
    publishFile(partial, path);
}
