#include "device.h"

#include <chrono>
#include <thread>

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

namespace {
// Mesa's software Vulkan: a processor that calls itself a GPU.
bool isSoftware(ggml_backend_dev_t device) { return std::string(ggml_backend_dev_description(device)).rfind("llvmpipe", 0) == 0; }
}  // namespace

std::vector<GpuFacts> findGpus(const std::string & folder) {
    const Libraries & ggml = loadLibraries(folder, Use::gpu);
    std::vector<GpuFacts> found;
    for (size_t i = 0; i < ggml.deviceCount(); i++) {
        ggml_backend_dev_t device = ggml.deviceAt(i);
        const auto type = ggml_backend_dev_type(device);
        if (type != GGML_BACKEND_DEVICE_TYPE_GPU && type != GGML_BACKEND_DEVICE_TYPE_IGPU) continue;
        GpuFacts facts{ggml_backend_dev_name(device), ggml_backend_dev_description(device), isSoftware(device), 0, 0};
        ggml_backend_dev_memory(device, &facts.free, &facts.total);
        found.push_back(std::move(facts));
    }
    return found;
}

Device::Device(const std::string & folder, bool gpu, int threads, Products products) : gpu_(gpu), products_(products) {
    const Libraries & ggml = loadLibraries(folder, gpu ? Use::gpu : Use::cpu);
    ggml_backend_dev_t device = ggml.deviceByType(gpu ? GGML_BACKEND_DEVICE_TYPE_GPU : GGML_BACKEND_DEVICE_TYPE_CPU);
    if (device == nullptr && gpu) device = ggml.deviceByType(GGML_BACKEND_DEVICE_TYPE_IGPU);
    backend_ = device == nullptr ? nullptr : ggml_backend_dev_init(device, nullptr);
    if (backend_ == nullptr)
        throw Failure("device-unsupported", gpu ? "No GPU could be opened." : "The CPU backend could not be opened.",
                      gpu ? "There is none, or its driver does not fit the libraries." : "Its library does not fit this processor.",
                      gpu ? "Choose the CPU, or install the driver of your card." : "Install the project again (npm ci).");
    keepsMemory_ = gpu && isSoftware(device);
    if (gpu) return;
    startThreads(threads);
    if (products_ == Products::ggml) return;
    for (int type = 0; type < GGML_TYPE_COUNT; type++) kernels_.push_back(kernelsFor((ggml_type) type));
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
    if (!keepsMemory_) ggml_backend_free(backend_);
    if (pool_ != nullptr) freePool_(pool_);
}

LinearKernels Device::kernelsFor(ggml_type weight) const {
    if (products_ == Products::float32) return {floatKernels(), floatKernels()};
    if (products_ == Products::portable) return {roundedKernels(weight), floatKernels()};
    const bool wide = weight == GGML_TYPE_F32 || weight == GGML_TYPE_F16 || bf16Kernels() == nullptr;
    return {servedKernels(weight), wide ? floatKernels() : *bf16Kernels()};
}

const LinearKernels * Device::kernels(const ggml_tensor * weight) const { return kernels_.empty() ? nullptr : &kernels_[weight->type]; }

std::vector<ggml_backend_buffer_type_t> Device::extraBufferTypes() const {
    std::vector<ggml_backend_buffer_type_t> kinds;
    const auto list = gpu_ ? nullptr : procedure<ggml_backend_dev_get_extra_bufts_t>(backend_, "ggml_backend_dev_get_extra_bufts");
    if (list == nullptr) return kinds;
    for (ggml_backend_buffer_type_t * kind = list(ggml_backend_get_device(backend_)); kind != nullptr && *kind != nullptr; kind++) kinds.push_back(*kind);
    return kinds;
}

bool Device::has(ggml_op operation) const {
    if (!gpu_) return products_ != Products::ggml;
    ContextPtr context = tensorContext(3);
    ggml_tensor * node = ggml_new_tensor_2d(context.get(), GGML_TYPE_F32, 64, 2);
    node->op = operation;
    for (int i = 0; i < 2; i++) node->src[i] = ggml_new_tensor_2d(context.get(), GGML_TYPE_F32, 64, 2);
    return ggml_backend_supports_op(backend_, node);
}

ggml_tensor * Device::multiply(ggml_context * context, ggml_tensor * a, ggml_tensor * b) const {
    ggml_tensor * product = ggml_mul_mat(context, a, b);
    if (gpu_) ggml_prec_set_acc(product, GGML_PREC_F32);
    return product;
}

BufferPtr Device::allocate(ggml_context * context, const std::string & what) const {
    const size_t bytes = ggml_backend_alloc_ctx_tensors_from_buft_size(context, bufferType());
    if (bytes == 0) return nullptr;
    BufferPtr buffer(ggml_backend_alloc_ctx_tensors_from_buft(context, bufferType()), BufferFree{keepsMemory_});
    if (!buffer) throw memoryFailure(what, bytes);
    return buffer;
}

BufferPtr Device::allocate(size_t bytes, const std::string & what) const {
    BufferPtr buffer(ggml_backend_buft_alloc_buffer(bufferType(), bytes), BufferFree{keepsMemory_});
    if (!buffer) throw memoryFailure(what, bytes);
    return buffer;
}

size_t Device::bytesOf(const ggml_tensor * tensor) const {
    return GGML_PAD(ggml_backend_buft_get_alloc_size(bufferType(), tensor), ggml_backend_buft_get_alignment(bufferType()));
}

Failure Device::memoryFailure(const std::string & what, size_t bytes) const {
    if (!gpu_) return outOfMemory(what, bytes);
    size_t free = 0, total = 0;
    memory(free, total);
    return Failure("gpu-out-of-memory", description() + " has too little memory for " + what + " (" + std::to_string(bytes >> 20) + " MiB).",
                   std::to_string(free >> 20) + " of its " + std::to_string(total >> 20) + " MiB are free.",
                   "Let fewer layers live on the card (gpuLayers).");
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

ggml_status Device::computeOnOneThread(ggml_cgraph * graph) {
    if (setThreads_ != nullptr) setThreads_(backend_, 1);
    return ggml_backend_graph_compute(backend_, graph);
}

void Device::setAbort(std::function<bool()> abort) {
    abort_ = std::move(abort);
    auto setCallback = procedure<void (*)(ggml_backend_t, ggml_abort_callback, void *)>(backend_, "ggml_backend_set_abort_callback");
    if (setCallback == nullptr) return;
    setCallback(backend_, [](void * data) { return (*static_cast<std::function<bool()> *>(data))(); }, &abort_);
}

GraphRunner::GraphRunner(Device & device) : device_(device) {
    allocator_ = ggml_gallocr_new(device.bufferType());
    if (device.keepsMemory()) measure_ = ggml_gallocr_new(device.bufferType());
}

GraphRunner::~GraphRunner() {
    if (!device_.keepsMemory()) ggml_gallocr_free(allocator_);
    if (measure_ != nullptr) ggml_gallocr_free(measure_);
}

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

// A training operation never falls to another device unseen.
void GraphRunner::checkSupport() const {
    for (int i = 0; i < ggml_graph_n_nodes(graph_); i++) {
        const ggml_tensor * node = ggml_graph_node(graph_, i);
        if (ggml_backend_supports_op(device_.backend(), node)) continue;
        std::string types = ggml_type_name(node->type);
        for (int source = 0; source < GGML_MAX_SRC && node->src[source] != nullptr; source++)
            types += std::string(source == 0 ? " from " : ", ") + ggml_type_name(node->src[source]->type);
        throw Failure("device-unsupported", device_.description() + " cannot compute " + ggml_op_desc(node) + " (" + types + ").",
                      "The device's backend lacks this operation for these types.", "Train on the CPU.");
    }
}

bool GraphRunner::reserve() {
    if (measure_ != nullptr) {
        size_t needed = 0;
        ggml_gallocr_reserve_n_size(measure_, graph_, nullptr, nullptr, &needed);
        if (needed > arenaBytes()) allocator_ = ggml_gallocr_new(device_.bufferType());
    }
    return ggml_gallocr_reserve(allocator_, graph_);
}

void GraphRunner::allocate() {
    checkSupport();
    if (onlyChecks_) return;
    // Planned anew for every graph: the allocator would otherwise reuse the plan of an earlier graph of equal size.
    if (!reserve() || !ggml_gallocr_alloc_graph(allocator_, graph_)) throw device_.memoryFailure("intermediate results", arenaBytes());
}

void GraphRunner::compute() {
    if (!onlyChecks_) throwUnlessDone(device_.compute(graph_, work_));
}

void GraphRunner::computeOnOneThread() { throwUnlessDone(device_.computeOnOneThread(graph_)); }

void GraphRunner::throwUnlessDone(ggml_status status) const {
    switch (status) {
        case GGML_STATUS_SUCCESS: return;
        case GGML_STATUS_ABORTED:
            throw Failure("cancelled", "The work was stopped.", "", "Resume it when you like; what was finished is kept.");
        case GGML_STATUS_ALLOC_FAILED: throw device_.memoryFailure("a computation", 0);
        default:
            throw Failure("internal", "A computation failed on " + device_.name() + ".", "This is a fault of the program or the driver.",
                          "Copy the diagnostics and report it.");
    }
}

size_t GraphRunner::arenaBytes() const { return ggml_gallocr_get_buffer_size(allocator_, 0); }
