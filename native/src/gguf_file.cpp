#include "gguf_file.h"

#include <cerrno>
#include <cmath>
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

GgufFile::GgufFile(const std::string & path) : path_(path), file_(std::make_unique<MappedFile>(path)) {
    ggml_context * tensors = nullptr;
    gguf_init_params params{};
    params.no_alloc = true;
    params.ctx = &tensors;
    gguf_.reset(gguf_init_from_file(path.c_str(), params));
    tensors_.reset(tensors);
    if (!gguf_ || !tensors_) throw corruptModel(path, "its header cannot be read");
    const size_t start = gguf_get_data_offset(gguf_.get());
    for (int64_t i = 0; i < gguf_get_n_tensors(gguf_.get()); i++) {
        const size_t offset = gguf_get_tensor_offset(gguf_.get(), i);
        const size_t bytes = gguf_get_tensor_size(gguf_.get(), i);
        if (start > file_->size() || offset > file_->size() - start || bytes > file_->size() - start - offset)
            throw corruptModel(path, std::string("tensor ") + gguf_get_tensor_name(gguf_.get(), i) + " reaches past the end of the file");
    }
}

const uint8_t * GgufFile::bytes(const ggml_tensor * tensor) const {
    const int64_t id = gguf_find_tensor(gguf_.get(), tensor->name);
    return file_->data() + gguf_get_data_offset(gguf_.get()) + gguf_get_tensor_offset(gguf_.get(), id);
}

std::vector<float> GgufFile::floats(const ggml_tensor * tensor) const {
    std::vector<float> values((size_t) ggml_nelements(tensor));
    const uint8_t * data = bytes(tensor);
    if (tensor->type == GGML_TYPE_F32) {
        std::memcpy(values.data(), data, values.size() * sizeof(float));
        return values;
    }
    const ggml_type_traits * traits = ggml_get_type_traits(tensor->type);
    if (traits == nullptr || traits->to_float == nullptr)
        throw unsupportedModel(path_, std::string(tensor->name) + " has type " + ggml_type_name(tensor->type));
    const size_t rowBytes = ggml_row_size(tensor->type, tensor->ne[0]);
    const int64_t rows = ggml_nrows(tensor);
    for (int64_t row = 0; row < rows; row++)
        traits->to_float(data + row * rowBytes, values.data() + row * tensor->ne[0], tensor->ne[0]);
    return values;
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
}  // namespace

std::string GgufFile::text(const std::string & key, const std::string & otherwise) const {
    const int64_t id = gguf_find_key(gguf_.get(), key.c_str());
    if (id < 0) return otherwise;
    if (gguf_get_kv_type(gguf_.get(), id) != GGUF_TYPE_STRING) throw corruptModel(path_, key + " is not text");
    return gguf_get_val_str(gguf_.get(), id);
}

double GgufFile::number(const std::string & key, double otherwise) const { return has(key) ? required(key) : otherwise; }

double GgufFile::required(const std::string & key) const {
    const std::vector<double> values = numbers(key);
    if (values.empty()) throw corruptModel(path_, key + " is missing");
    for (double value : values)
        if (value != values[0]) throw unsupportedModel(path_, key + " differs from layer to layer");
    return values[0];
}

std::vector<double> GgufFile::numbers(const std::string & key) const {
    const int64_t id = gguf_find_key(gguf_.get(), key.c_str());
    if (id < 0) return {};
    gguf_type type = gguf_get_kv_type(gguf_.get(), id);
    const bool array = type == GGUF_TYPE_ARRAY;
    if (array) type = gguf_get_arr_type(gguf_.get(), id);
    const size_t count = array ? gguf_get_arr_n(gguf_.get(), id) : 1;
    if (type == GGUF_TYPE_STRING || type == GGUF_TYPE_ARRAY || count == 0) throw corruptModel(path_, key + " is not a number");
    const void * data = array ? gguf_get_arr_data(gguf_.get(), id) : gguf_get_val_data(gguf_.get(), id);
    std::vector<double> values(count);
    for (size_t i = 0; i < count; i++) {
        values[i] = scalar(type, data, i);
        if (!std::isfinite(values[i])) throw corruptModel(path_, key + " is not a finite number");
    }
    return values;
}

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
