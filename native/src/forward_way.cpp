#include "forward_way.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <mutex>
#include <tuple>

#include "products.h"

namespace {
// A product of a millisecond or two, less than the slices in which others take a core away: rows as in a usual pass, and so
// much of the weight.
constexpr int64_t sampleRows = 256, sampleWeights = int64_t(1) << 19, fewestColumns = 64;
constexpr int rounds = 16;
// ggml's product leaves the adapter's to a pass of its own, and a copy costs memory.
constexpr double clearlyFaster = 1.15;

// The product with the first rows of a weight, each way in turn. On one thread: others' work and the choice of threads then
// weigh on all ways alike.
class Trial {
  public:
    Trial(Device & device, const ggml_tensor * weight)
        : runner_(device), context_(tensorContext(2)), weight_(weight),
          columns_(std::min(weight->ne[1], std::max(fewestColumns, sampleWeights / weight->ne[0] / fewestColumns * fewestColumns))) {
        x_ = ggml_new_tensor_2d(context_.get(), GGML_TYPE_F32, weight->ne[0], sampleRows);
        buffer_ = device.allocate(context_.get(), "a trial of products");
        float * values = (float *) x_->data;
        uint32_t state = 1;
        for (int64_t i = 0; i < ggml_nelements(x_); i++) {
            state = state * 1664525u + 1013904223u;
            values[i] = (float) (int32_t) state / 2147483648.0f;
        }
    }

    // Columns of the product: rows of the weight.
    int64_t columns() const { return columns_; }

    double byOwnKernels(const Kernels & kernels) {
        return seconds([&] { return sumOfProducts(runner_, {{kernels, view(), false, productRows(runner_, kernels, x_)}}); });
    }
    double byGgml() { return seconds([&] { return ggml_mul_mat(runner_.context(), view(), x_); }); }
    double byGgml(ggml_tensor * copy) { return seconds([&] { return ggml_mul_mat(runner_.context(), copy, x_); }); }

  private:
    ggml_tensor * view() { return ggml_view_2d(runner_.context(), const_cast<ggml_tensor *>(weight_), weight_->ne[0], columns_, weight_->nb[1], 0); }

    template <typename Build>
    double seconds(Build build) {
        runner_.begin(8);
        runner_.expand(build());
        runner_.allocate();
        const auto start = std::chrono::steady_clock::now();
        runner_.computeOnOneThread();
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    }

    GraphRunner runner_;
    ContextPtr context_;
    const ggml_tensor * weight_;
    int64_t columns_;
    ggml_tensor * x_;
    BufferPtr buffer_;
};

struct Copy {
    std::string name;
    ContextPtr context;
    BufferPtr buffer;
    ggml_tensor * tensor;
};

std::vector<Copy> copiesOf(const Device & device, const ggml_tensor * weight, int64_t columns) {
    std::vector<Copy> copies;
    for (ggml_backend_buffer_type_t kind : device.extraBufferTypes()) {
        Copy copy{ggml_backend_buft_name(kind), tensorContext(1), nullptr, nullptr};
        copy.tensor = ggml_new_tensor_2d(copy.context.get(), weight->type, weight->ne[0], columns);
        if (!takes(device, kind, copy.tensor)) continue;
        copy.buffer.reset(ggml_backend_alloc_ctx_tensors_from_buft(copy.context.get(), kind));
        if (!copy.buffer) continue;
        ggml_backend_tensor_set(copy.tensor, weight->data, 0, ggml_nbytes(copy.tensor));
        copies.push_back(std::move(copy));
    }
    return copies;
}

// llama.cpp rounds the sums of a block of their partner to 16 bits, which may overflow; our kernels do not.
bool isRoundedOtherwise(ggml_type type) { return type == GGML_TYPE_Q4_1 || type == GGML_TYPE_Q5_1; }

// The least of some rounds: what disturbs a trial only ever lengthens it.
std::string measure(Device & device, const ggml_tensor * weight, bool mayCopy) {
    const Kernels & own = device.kernels(weight)->forward;
    Trial trial(device, weight);
    const std::vector<Copy> copies = mayCopy ? copiesOf(device, weight, trial.columns()) : std::vector<Copy>();
    std::vector<double> least(2 + copies.size(), std::numeric_limits<double>::infinity());
    for (int round = 0; round < rounds; round++) {
        least[0] = std::min(least[0], trial.byOwnKernels(own));
        least[1] = std::min(least[1], trial.byGgml());
        for (size_t i = 0; i < copies.size(); i++) least[2 + i] = std::min(least[2 + i], trial.byGgml(copies[i].tensor));
    }
    std::string way = own.name;
    double fastest = least[0];
    const auto consider = [&](double seconds, const std::string & name) {
        if (seconds * clearlyFaster < fastest) fastest = seconds, way = name;
    };
    consider(least[1], plainGgml);
    for (size_t i = 0; i < copies.size(); i++) consider(least[2 + i], copies[i].name);
    return way;
}
}  // namespace

bool takes(const Device & device, ggml_backend_buffer_type_t kind, const ggml_tensor * weight) {
    ContextPtr context = tensorContext(3);
    ggml_tensor * w = ggml_new_tensor_2d(context.get(), weight->type, weight->ne[0], weight->ne[1]);
    ggml_tensor * product = ggml_mul_mat(context.get(), w, ggml_new_tensor_2d(context.get(), GGML_TYPE_F32, weight->ne[0], sampleRows));
    // An empty buffer is enough to ask, as llama.cpp does.
    const BufferPtr empty(ggml_backend_buft_alloc_buffer(kind, 0));
    w->buffer = empty.get();
    return empty && ggml_backend_supports_op(device.backend(), product);
}

std::string fastestWay(Device & device, const ggml_tensor * weight, bool mayCopy) {
    static std::mutex mutex;
    static std::map<std::tuple<ggml_type, const Kernels *, bool>, std::string> known;
    if (isRoundedOtherwise(weight->type)) return device.kernels(weight)->forward.name;
    std::lock_guard<std::mutex> lock(mutex);
    std::string & way = known[{weight->type, &device.kernels(weight)->forward, mayCopy}];
    if (way.empty()) way = measure(device, weight, mayCopy);
    return way;
}
