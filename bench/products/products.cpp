// How fast a frozen weight is multiplied on the CPU, by type: our own kernels forward and backward, ggml's product in its
// plain buffer, and in the extra buffer types of its CPU backend (repacked weights, AMX) where one takes the type.
// Usage: products LIBRARY-FOLDER SIZE ROWS THREADS. Prints one JSON object a line.
#include <ggml-backend.h>
#include <ggml.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "kernels.h"

extern "C" void ggml_backend_load_all_from_path(const char * folder);
extern "C" ggml_backend_dev_t ggml_backend_dev_by_type(enum ggml_backend_dev_type type);

namespace {
constexpr int64_t stripeWidth = 64, panelBytes = 256 * 1024;
constexpr int attempts = 5;

double medianSeconds(const std::function<void()> & work) {
    std::vector<double> seconds;
    work();
    for (int i = 0; i < attempts; i++) {
        const auto start = std::chrono::steady_clock::now();
        work();
        seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
    std::sort(seconds.begin(), seconds.end());
    return seconds[attempts / 2];
}

// As native/src/products.cpp does it: rows converted once, then one stripe of columns after another.
void multiply(const Kernels & kernels, const PanelSource & w, bool turned, const float * x, int64_t rows, float * c, int threads) {
    const int64_t depth = turned ? w.rows : w.columns, out = turned ? w.columns : w.rows;
    const int64_t steps = depth / kernels.depthStep, size = (int64_t) ggml_type_size(kernels.element), rowElements = steps * kernels.stepElements + 32;
    const int64_t width = turned ? std::max(stripeWidth, (int64_t) ggml_blck_size(w.type)) : stripeWidth;
    static std::vector<uint8_t> converted;
    const bool asItLies = kernels.convertRow == nullptr;
    if (!asItLies) converted.resize((size_t) (rows * rowElements * size));
    const auto onAll = [&](int64_t count, const std::function<void(int64_t)> & work) {
        std::vector<std::thread> running;
        for (int t = 0; t < threads; t++)
            running.emplace_back([&, t] {
                for (int64_t i = t; i < count; i += threads) work(i);
            });
        for (std::thread & thread : running) thread.join();
    };
    if (!asItLies) onAll(rows, [&](int64_t row) { kernels.convertRow(x + row * depth, converted.data() + row * rowElements * size, depth); });
    onAll(out / width, [&](int64_t stripe) {
        thread_local KernelScratch scratch;
        scratch.panel.resize(panelBytes);
        const int64_t most = std::max<int64_t>(panelBytes / kernels.panelStepBytes / width, 1);
        for (int64_t step = 0; step < steps; step += most) {
            Stripe s{};
            s.panel = scratch.panel.data();
            s.panelWidth = s.columns = width;
            s.depth = std::min(most, steps - step) * kernels.depthStep;
            kernels.fillPanel(w, turned, stripe * width, width, step * kernels.depthStep, s.depth, scratch, scratch.panel.data());
            s.x = asItLies ? (const void *) (x + step * kernels.depthStep) : converted.data() + step * kernels.stepElements * size;
            s.xStride = asItLies ? depth : rowElements;
            s.rows = rows;
            s.c = c + stripe * width;
            s.cStride = out;
            s.accumulate = step > 0;
            kernels.multiplyPanel(s);
        }
    });
}

// Seconds of ggml's own product with weights in this kind of buffer; 0 where it does not take them.
double ggmlSeconds(ggml_backend_t backend, ggml_backend_buffer_type_t kind, ggml_type type, const std::vector<uint8_t> & bytes, const std::vector<float> & x, int64_t n, int64_t rows) {
    ggml_init_params params{};
    params.mem_size = ggml_tensor_overhead() * 8 + ggml_graph_overhead();
    params.no_alloc = true;
    const std::unique_ptr<ggml_context, void (*)(ggml_context *)> weights(ggml_init(params), ggml_free), context(ggml_init(params), ggml_free);
    ggml_tensor * w = ggml_new_tensor_2d(weights.get(), type, n, n);
    const std::unique_ptr<ggml_backend_buffer, void (*)(ggml_backend_buffer_t)> buffer(ggml_backend_alloc_ctx_tensors_from_buft(weights.get(), kind), ggml_backend_buffer_free);
    ggml_tensor * rowsOfX = ggml_new_tensor_2d(context.get(), GGML_TYPE_F32, n, rows);
    ggml_tensor * product = ggml_mul_mat(context.get(), w, rowsOfX);
    if (!buffer || !ggml_backend_supports_op(backend, product)) return 0;
    ggml_backend_tensor_set(w, bytes.data(), 0, bytes.size());
    const std::unique_ptr<ggml_backend_buffer, void (*)(ggml_backend_buffer_t)> rest(ggml_backend_alloc_ctx_tensors(context.get(), backend), ggml_backend_buffer_free);
    ggml_backend_tensor_set(rowsOfX, x.data(), 0, x.size() * sizeof(float));
    ggml_cgraph * graph = ggml_new_graph(context.get());
    ggml_build_forward_expand(graph, product);
    return medianSeconds([&] { ggml_backend_graph_compute(backend, graph); });
}
}  // namespace

int main(int count, char ** arguments) {
    if (count < 5) return std::fprintf(stderr, "products LIBRARY-FOLDER SIZE ROWS THREADS\n"), 1;
    const int64_t n = std::atoll(arguments[2]), rows = std::atoll(arguments[3]);
    const int threads = std::atoi(arguments[4]);
    ggml_log_set([](ggml_log_level, const char *, void *) {}, nullptr);
    ggml_backend_load_all_from_path(arguments[1]);
    ggml_backend_dev_t device = ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU);
    const std::unique_ptr<ggml_backend, void (*)(ggml_backend_t)> backend(ggml_backend_dev_init(device, nullptr), ggml_backend_free);
    ggml_backend_reg_t registry = ggml_backend_dev_backend_reg(device);
    ((ggml_backend_set_n_threads_t) ggml_backend_reg_get_proc_address(registry, "ggml_backend_set_n_threads"))(backend.get(), threads);
    const auto extraTypes = (ggml_backend_dev_get_extra_bufts_t) ggml_backend_reg_get_proc_address(registry, "ggml_backend_dev_get_extra_bufts");

    std::mt19937 random(1);
    std::normal_distribution<float> normal;
    std::vector<float> values((size_t) (n * n)), x((size_t) (n * rows)), c((size_t) (n * rows));
    for (float & value : values) value = normal(random);
    for (float & value : x) value = normal(random);
    const auto speed = [&](double seconds) { return seconds == 0 ? 0.0 : 2.0 * (double) n * (double) n * (double) rows / seconds / 1e9; };
    for (ggml_type type : {GGML_TYPE_F32, GGML_TYPE_F16, GGML_TYPE_BF16, GGML_TYPE_Q8_0, GGML_TYPE_Q4_0, GGML_TYPE_Q4_K, GGML_TYPE_Q6_K, GGML_TYPE_IQ4_XS}) {
        std::vector<uint8_t> bytes(ggml_row_size(type, n) * (size_t) n);
        if (type == GGML_TYPE_F32) std::memcpy(bytes.data(), values.data(), bytes.size());
        else ggml_quantize_chunk(type, values.data(), bytes.data(), 0, n, n, nullptr);
        const PanelSource w{bytes.data(), type, n, n, ggml_row_size(type, n)};
        const bool wide = type == GGML_TYPE_F32 || type == GGML_TYPE_F16 || bf16Kernels() == nullptr;
        const Kernels & backward = wide ? floatKernels() : *bf16Kernels();
        std::printf("{\"type\": \"%s\", \"forward\": %.1f, ", ggml_type_name(type), speed(medianSeconds([&] { multiply(servedKernels(type), w, false, x.data(), rows, c.data(), threads); })));
        std::printf("\"backward\": %.1f, ", speed(medianSeconds([&] { multiply(backward, w, true, x.data(), rows, c.data(), threads); })));
        std::printf("\"ggml\": %.1f, \"extra\": {", speed(ggmlSeconds(backend.get(), ggml_backend_get_default_buffer_type(backend.get()), type, bytes, x, n, rows)));
        bool first = true;
        for (ggml_backend_buffer_type_t * kind = extraTypes == nullptr ? nullptr : extraTypes(device); kind != nullptr && *kind != nullptr; kind++) {
            const double seconds = ggmlSeconds(backend.get(), *kind, type, bytes, x, n, rows);
            if (seconds == 0) continue;
            std::printf("%s\"%s\": %.1f", first ? "" : ", ", ggml_backend_buft_name(*kind), speed(seconds));
            first = false;
        }
        std::printf("}}\n");
        std::fflush(stdout);
    }
}
