// The device that computes: a ggml backend with its threads, and one graph at a time.
#pragma once
#include <ggml-alloc.h>
#include <ggml-backend.h>
#include <ggml.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "failure.h"
#include "kernels.h"
#include "thread_choice.h"

// `kept`: memory that must outlive its owner (Device::keepsMemory); it ends with the process.
struct BufferFree {
    bool kept = false;
    void operator()(ggml_backend_buffer_t buffer) const { if (!kept) ggml_backend_buffer_free(buffer); }
};
struct ContextFree { void operator()(ggml_context * context) const { ggml_free(context); } };
using BufferPtr = std::unique_ptr<ggml_backend_buffer, BufferFree>;
using ContextPtr = std::unique_ptr<ggml_context, ContextFree>;

// A context that holds descriptions of tensors only; their data lies in backend buffers.
ContextPtr tensorContext(size_t tensors);

struct GpuFacts {
    std::string name, description;
    bool software;
    size_t free, total;
};

// The GPUs that the libraries of `folder` know, in their order: the first is what a Device opens.
std::vector<GpuFacts> findGpus(const std::string & folder);

// How the CPU multiplies. `automatic`: forward as llama.cpp does, so that what is trained is what will be served, and
// backward in BF16 where weights hold no more than that. `portable`: as automatic on a processor without instructions for
// either. `float32`: throughout, and nothing is rounded. `ggml`: by ggml itself, as on a GPU.
enum class Products { automatic, portable, float32, ggml };

// One linear's products, on the CPU.
struct LinearKernels {
    const Kernels & forward;   // W·x
    const Kernels & backward;  // Wᵀ·dY, and all products of gradients
};

class Device {
  public:
    // The GPU that the libraries of `folder` know, or the CPU. `threads` (CPU only) 0 = as many as the machine has cores.
    // `device-unsupported` when there is no such device.
    Device(const std::string & folder, bool gpu, int threads, Products products = Products::automatic);
    ~Device();
    Device(const Device &) = delete;
    Device & operator=(const Device &) = delete;

    ggml_backend_t backend() const { return backend_; }
    ggml_backend_buffer_type_t bufferType() const { return ggml_backend_get_default_buffer_type(backend_); }
    bool isCpu() const { return !gpu_; }
    std::string name() const { return ggml_backend_name(backend_); }
    // What a person calls it, such as the name of the card.
    std::string description() const { return ggml_backend_dev_description(ggml_backend_get_device(backend_)); }
    // Mesa's software Vulkan (llvmpipe, seen with 22.3) goes on using buffers after they were destroyed, which corrupts the
    // heap. Only tests compute on it, so what it was given stays until the process ends.
    bool keepsMemory() const { return keepsMemory_; }
    int threads() const { return threads_; }

    // Backends that multiply in half precision unless told otherwise are told: gradients need F32 sums.
    ggml_tensor * multiply(ggml_context * context, ggml_tensor * a, ggml_tensor * b) const;

    // Whether the device computes an operation of two F32 matrices of equal shape. Not when ggml's products are asked for on
    // the CPU: the graph is then one that every device can compute.
    bool has(ggml_op operation) const;

    // A buffer with room for every tensor of the context; `out-of-memory` (on a GPU `gpu-out-of-memory`) naming `what`.
    BufferPtr allocate(ggml_context * context, const std::string & what) const;
    BufferPtr allocate(size_t bytes, const std::string & what) const;
    Failure memoryFailure(const std::string & what, size_t bytes) const;
    // What a tensor takes of a buffer, padding included.
    size_t bytesOf(const ggml_tensor * tensor) const;
    // As the driver tells it; both 0 where it does not.
    void memory(size_t & free, size_t & total) const { ggml_backend_dev_memory(ggml_backend_get_device(backend_), &free, &total); }

    // Our kernels for products with this weight. Null where ggml's own products are used: on a GPU, or when asked for.
    const LinearKernels * kernels(const ggml_tensor * weight) const;

    // Of the CPU backend: its own products are faster with weights that lie in such buffers (repacked weights, AMX).
    std::vector<ggml_backend_buffer_type_t> extraBufferTypes() const;

    // Computes with as many threads as is fastest at the moment. `work`: multiply-adds of nodes that are not ggml's.
    ggml_status compute(ggml_cgraph * graph, double work);
    ggml_status computeOnOneThread(ggml_cgraph * graph);

    // Stops a graph between two nodes when it returns true.
    void setAbort(std::function<bool()> abort);

  private:
    void startThreads(int threads);
    LinearKernels kernelsFor(ggml_type weight) const;

    ggml_backend_t backend_ = nullptr;
    bool gpu_ = false;
    bool keepsMemory_ = false;
    Products products_;
    std::vector<LinearKernels> kernels_;  // by type; empty where ggml's own products are used
    int threads_ = 1;
    struct ggml_threadpool * pool_ = nullptr;
    void (*freePool_)(struct ggml_threadpool *) = nullptr;
    void (*setThreads_)(ggml_backend_t, int) = nullptr;
    std::unique_ptr<ThreadChoice> choice_;
    std::function<bool()> abort_;
};

// Builds and computes one graph after another on one device; the arena of intermediate results is reused.
class GraphRunner {
  public:
    explicit GraphRunner(Device & device);
    ~GraphRunner();
    GraphRunner(const GraphRunner &) = delete;
    GraphRunner & operator=(const GraphRunner &) = delete;

    // Starts a new graph; descriptions of the one before are dropped.
    void begin(size_t nodes);
    ggml_context * context() const { return context_.get(); }
    const Device & device() const { return device_; }
    // Adds a result; nodes are computed in the order in which they are added, so that in-place writes are seen.
    ggml_tensor * expand(ggml_tensor * result);
    // What nodes of our own read while they compute; freed with the graph.
    template <typename T>
    T * own(T value) {
        auto owned = std::make_shared<T>(std::move(value));
        owned_.push_back(owned);
        return owned.get();
    }
    // Multiply-adds of such a node.
    void addWork(double multiplyAdds) { work_ += multiplyAdds; }
    // Gives memory to the graph and checks that the device knows every node. Inputs may be set after it.
    void allocate();
    void compute();
    // To compare what does not depend on how many others work.
    void computeOnOneThread();
    size_t arenaBytes() const;
    bool onlyChecks() const { return onlyChecks_; }

    // While it lives, graphs are checked but neither given memory nor computed.
    class OnlyChecked {
      public:
        explicit OnlyChecked(GraphRunner & runner) : runner_(runner) { runner_.onlyChecks_ = true; }
        ~OnlyChecked() { runner_.onlyChecks_ = false; }
        OnlyChecked(const OnlyChecked &) = delete;
        OnlyChecked & operator=(const OnlyChecked &) = delete;

      private:
        GraphRunner & runner_;
    };

  private:
    void checkSupport() const;
    bool reserve();
    void throwUnlessDone(ggml_status status) const;

    Device & device_;
    ggml_gallocr_t allocator_ = nullptr;
    // Plans without ever holding memory: tells how much a graph needs.
    ggml_gallocr_t measure_ = nullptr;
    bool onlyChecks_ = false;
    std::vector<uint8_t> memory_;
    ContextPtr context_;
    ggml_cgraph * graph_ = nullptr;
    std::vector<std::shared_ptr<void>> owned_;
    double work_ = 0;
};
