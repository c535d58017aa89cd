#include "libraries.h"

#include <filesystem>
#include <mutex>

#include "failure.h"

#ifdef _WIN32
#include <windows.h>
#else
#include <dlfcn.h>
#endif

namespace fs = std::filesystem;

namespace {
#ifdef _WIN32
void * openLibrary(const fs::path & path) { return (void *) LoadLibraryW(path.wstring().c_str()); }
void * symbol(void * library, const char * name) { return (void *) GetProcAddress((HMODULE) library, name); }
const char * libraryPrefix = "";
const char * librarySuffix = ".dll";
#else
void * openLibrary(const fs::path & path) { return dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL); }
void * symbol(void * library, const char * name) { return dlsym(library, name); }
const char * libraryPrefix = "lib";
#ifdef __APPLE__
const char * librarySuffix = ".dylib";
#else
const char * librarySuffix = ".so";
#endif
#endif

// `ggml` finds libggml.v0.5.0.so and libggml.cuda.v0.5.0.so, but neither libggml-base.so nor libggml-cpu-*.so.
fs::path findLibrary(const fs::path & folder, const std::string & stem) {
    const std::string start = libraryPrefix + stem + ".";
    std::error_code error;
    for (const auto & entry : fs::directory_iterator(folder, error)) {
        const std::string name = entry.path().filename().string();
        if (name.rfind(start, 0) == 0 && entry.path().extension() == librarySuffix) return entry.path();
    }
    throw Failure("native-missing", "No " + stem + " library lies in " + folder.string() + ".",
                  "node-llama-cpp is not installed for this platform.", "Install the project again (npm ci).");
}

void * openChecked(const fs::path & folder, const std::string & stem) {
    const fs::path path = findLibrary(folder, stem);
    if (path.filename().string().find(FOLKMOOT_LLAMA_RELEASE) == std::string::npos)
        throw Failure("native-mismatch", path.filename().string() + " is not of release " FOLKMOOT_LLAMA_RELEASE ".",
                      "node-llama-cpp was changed after the addon was built.", "Build the addon again (npm run build:native).");
    void * library = openLibrary(path);
    if (library == nullptr)
        throw Failure("native-missing", path.string() + " cannot be loaded.", "A library it needs is missing.",
                      "Install the project again (npm ci).");
    return library;
}

template <typename Function>
void resolve(void * library, const char * name, Function & function) {
    function = reinterpret_cast<Function>(symbol(library, name));
    if (function == nullptr)
        throw Failure("native-mismatch", std::string("The ggml library has no function ") + name + ".",
                      "node-llama-cpp was changed after the addon was built.", "Build the addon again (npm run build:native).");
}

void quiet(ggml_log_level, const char *, void *) {}
}  // namespace

const Libraries & loadLibraries(const std::string & folder, Use use, bool withLlama) {
    static std::mutex mutex;
    static Libraries libraries;
    static std::string loadedFrom;
    std::lock_guard<std::mutex> lock(mutex);
    if (libraries.deviceByType == nullptr) {
        ggml_log_set(quiet, nullptr);
        void * registry = openChecked(fs::u8path(folder), "ggml");
        void (*loadAll)(const char *) = nullptr;
        resolve(registry, "ggml_backend_dev_count", libraries.deviceCount);
        resolve(registry, "ggml_backend_dev_get", libraries.deviceAt);
        resolve(registry, "ggml_backend_load_all_from_path", loadAll);
        if (libraries.deviceCount() == 0) loadAll(folder.c_str());
        if (libraries.deviceCount() == 0)
            throw Failure("device-unsupported", "No compute device could be opened.", "The backends in " + folder + " do not fit this processor.",
                          "Install the project again (npm ci).");
        resolve(registry, "ggml_backend_dev_by_type", libraries.deviceByType);
        loadedFrom = folder;
    } else if (loadedFrom != folder && use == Use::gpu) {
        throw Failure("native-mismatch", "Libraries of " + loadedFrom + " are loaded already; " + folder + " cannot join them.",
                      "One process can hold one variant.", "Start another trainer process for the other device.");
    }
    if (withLlama && libraries.quantize == nullptr) {
        void * llama = openChecked(fs::u8path(loadedFrom), "llama");
        resolve(llama, "llama_log_set", libraries.llamaLogSet);
        resolve(llama, "llama_model_quantize_default_params", libraries.quantizeDefaults);
        libraries.llamaLogSet(quiet, nullptr);
        resolve(llama, "llama_model_quantize", libraries.quantize);
    }
    return libraries;
}
