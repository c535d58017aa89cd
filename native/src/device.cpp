#include "device.h"

#include <chrono>
#include <thread>

#include "bf16_kernels.h"
#include "failure.h"
#include "libraries.h"

ContextPtr tensorContext(size_t tensors) {
    ggml_init_params params{};
    params.mem_size = ggml_tensor_overhead() * (tensors + 1);
    params.no_alloc = true;
    ggml_context * context = ggml_init(params);
    if (context == nullptr) throw outOfMemory("tensor descriptions", params.mem_size);
    return ContextPtr(context);
}

namespace {
template <typename Function>
Function procedure(ggml_backend_t backend, const char * name) {
    ggml_backend_reg_t registry = ggml_backend_dev_backend_reg(ggml_backend_get_device(backend));
    return reinterpret_cast<Function>(ggml_backend_reg_get_proc_address(registry, name));
}
}  // namespace

Device::Device(const std::string & folder, bool gpu, int threads, bool bf16) : gpu_(gpu), bf16_(bf16 && !gpu && bf16::available()) {
    const Libraries & ggml = loadLibraries(folder);
    ggml_backend_dev_t device = ggml.deviceByType(gpu ? GGML_BACKEND_DEVICE_TYPE_GPU : GGML_BACKEND_DEVICE_TYPE_CPU);
    if (device == nullptr && gpu) device = ggml.deviceByType(GGML_BACKEND_DEVICE_TYPE_IGPU);
    backend_ = device == nullptr ? nullptr : ggml_backend_dev_init(device, nullptr);
    if (backend_ == nullptr)
        throw Failure("device-unsupported", gpu ? "No GPU could be opened." : "The CPU backend could not be opened.",
                      gpu ? "There is none, or its driver does not fit the libraries." : "Its library does not fit this processor.",
                      gpu ? "Choose the CPU, or install the driver of your card." : "Install the project again (npm ci).");
    if (!gpu) startThreads(threads);
}

void Device::startThreads(int threads) {
    const int cores = std::max(1, (int) std::thread::hardware_concurrency());
    // More threads than cores make ggml's spinning barriers a hundred times slower.
    threads_ = threads <= 0 ? cores : std::min(threads, cores);
    setThreads_ = procedure<void (*)(ggml_backend_t, int)>(backend_, "ggml_backend_set_n_threads");
    if (setThreads_ != nullptr) setThreads_(backend_, threads_);
    choice_ = std::make_unique<ThreadChoice>(threads_);
    auto newPool = procedure<struct ggml_threadpool * (*) (ggml_threadpool_params *)>(backend_, "ggml_threadpool_new");
    auto usePool = procedure<void (*)(ggml_backend_t, struct ggml_threadpool *)>(backend_, "ggml_backend_cpu_set_threadpool");
    freePool_ = procedure<void (*)(struct ggml_threadpool *)>(backend_, "ggml_threadpool_free");
    if (newPool != nullptr && usePool != nullptr && freePool_ != nullptr) {
        ggml_threadpool_params params = ggml_threadpool_params_default(threads_);
        pool_ = newPool(&params);
        usePool(backend_, pool_);
    }
}

Device::~Device() {
    ggml_backend_free(backend_);
    if (pool_ != nullptr) freePool_(pool_);
}

ggml_tensor * Device::multiply(ggml_context * context, ggml_tensor * a, ggml_tensor * b) const {
    ggml_tensor * product = ggml_mul_mat(context, a, b);
    if (gpu_) ggml_prec_set_acc(product, GGML_PREC_F32);
    return product;
}

BufferPtr Device::allocate(ggml_context * context, const std::string & what) const {
    const size_t bytes = ggml_backend_alloc_ctx_tensors_from_buft_size(context, bufferType());
    if (bytes == 0) return nullptr;
    BufferPtr buffer(ggml_backend_alloc_ctx_tensors_from_buft(context, bufferType()));
    if (!buffer) throw outOfMemory(what, bytes);
    return buffer;
}

BufferPtr Device::allocate(size_t bytes, const std::string & what) const {
    BufferPtr buffer(ggml_backend_buft_alloc_buffer(bufferType(), bytes));
    if (!buffer) throw outOfMemory(what, bytes);
    return buffer;
}

namespace {
double multiplyAdds(ggml_cgraph * graph) {
    double sum = 0;
    for (int i = 0; i < ggml_graph_n_nodes(graph); i++) {
        const ggml_tensor * node = ggml_graph_node(graph, i);
        sum += (double) ggml_nelements(node) * (node->op == GGML_OP_MUL_MAT ? (double) node->src[0]->ne[0] : 1.0);
    }
    return sum;
}
}  // namespace

ggml_status Device::compute(ggml_cgraph * graph, double work) {
    if (!choice_ || setThreads_ == nullptr) return ggml_backend_graph_compute(backend_, graph);
    setThreads_(backend_, choice_->choose(work + multiplyAdds(graph), ggml_graph_n_nodes(graph)));
    const auto start = std::chrono::steady_clock::now();
    const ggml_status status = ggml_backend_graph_compute(backend_, graph);
    choice_->record(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    return status;
}

void Device::setAbort(std::function<bool()> abort) {
    abort_ = std::move(abort);
    auto setCallback = procedure<void (*)(ggml_backend_t, ggml_abort_callback, void *)>(backend_, "ggml_backend_set_abort_callback");
    if (setCallback == nullptr) return;
    setCallback(backend_, [](void * data) { return (*static_cast<std::function<bool()> *>(data))(); }, &abort_);
}

GraphRunner::GraphRunner(Device & device) : device_(device) {
    allocator_ = ggml_gallocr_new(device.bufferType());
}

GraphRunner::~GraphRunner() { ggml_gallocr_free(allocator_); }

void GraphRunner::begin(size_t nodes) {
    ggml_init_params params{};
    params.mem_size = ggml_tensor_overhead() * nodes + ggml_graph_overhead_custom(nodes, false);
    if (memory_.size() < params.mem_size) {
        context_.reset();
        memory_.resize(params.mem_size);
    }
    params.mem_size = memory_.size();
    params.mem_buffer = memory_.data();
    params.no_alloc = true;
    owned_.clear();
    work_ = 0;
    context_.reset(ggml_init(params));
    graph_ = ggml_new_graph_custom(context_.get(), nodes, false);
}

ggml_tensor * GraphRunner::expand(ggml_tensor * result) {
    ggml_build_forward_expand(graph_, result);
    return result;
}

void GraphRunner::allocate() {
    for (int i = 0; i < ggml_graph_n_nodes(graph_); i++) {
        ggml_tensor * node = ggml_graph_node(graph_, i);
        if (ggml_backend_supports_op(device_.backend(), node)) continue;
        throw Failure("device-unsupported", device_.name() + " cannot compute " + ggml_op_desc(node) + " on " + ggml_type_name(node->type) + ".",
                      "The device's backend lacks this operation.", "Choose the CPU for this run.");
    }
    // Planned anew for every graph: the allocator would otherwise reuse the plan of an earlier graph of equal size.
    if (!ggml_gallocr_reserve(allocator_, graph_) || !ggml_gallocr_alloc_graph(allocator_, graph_)) throw outOfMemory("intermediate results", 0);
}

void GraphRunner::compute() {
    switch (device_.compute(graph_, work_)) {
        case GGML_STATUS_SUCCESS: return;
        case GGML_STATUS_ABORTED:
            throw Failure("cancelled", "The work was stopped.", "", "Resume it when you like; what was finished is kept.");
        case GGML_STATUS_ALLOC_FAILED: throw outOfMemory("a computation on " + device_.name(), 0);
        default:
            throw Failure("internal", "A computation failed on " + device_.name() + ".", "This is a fault of the program or the driver.",
                          "Copy the diagnostics and report it.");
    }
}

size_t GraphRunner::arenaBytes() const { return ggml_gallocr_get_buffer_size(allocator_, 0); }
