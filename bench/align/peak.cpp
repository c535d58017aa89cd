// What the processor's multiply-add units can do at most, without memory: chains of them in registers on every thread.
// Usage: peak THREADS. Prints {"float32": GFLOP/s, "bfloat16": GFLOP/s or null without the instructions for it}.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>
#if defined(__AVX512BF16__)
#include <immintrin.h>
#endif

#if defined(__AVX512F__)
constexpr int kLanes = 16;
#elif defined(__AVX__)
constexpr int kLanes = 8;
#else
constexpr int kLanes = 4;
#endif
typedef float Vector __attribute__((vector_size(kLanes * 4)));

constexpr long kRounds = 20'000'000;
volatile float sink;

// Independent chains, enough to hide the latency of the units and few enough for the registers; by name, since a
// compiler keeps an array of them in memory.
#if defined(__AVX512F__)
constexpr int kChains = 24;
#define CHAINS(DO)                                                                                            \
  DO(a0) DO(a1) DO(a2) DO(a3) DO(a4) DO(a5) DO(a6) DO(a7) DO(b0) DO(b1) DO(b2) DO(b3) DO(b4) DO(b5) DO(b6) DO(b7) \
  DO(c0) DO(c1) DO(c2) DO(c3) DO(c4) DO(c5) DO(c6) DO(c7)
#else
constexpr int kChains = 12;
#define CHAINS(DO) DO(a0) DO(a1) DO(a2) DO(a3) DO(a4) DO(a5) DO(a6) DO(a7) DO(b0) DO(b1) DO(b2) DO(b3)
#endif
// Keeps the compiler from joining rounds.
#define APART(sum) asm volatile("" : "+v"(sum));

void float32() {
  const Vector factor = Vector{} + 0.999f, summand = Vector{} + 0.001f;
#define START(sum) Vector sum = Vector{} + 1.0f;
#define STEP(sum) sum = sum * factor + summand; APART(sum)
#define END(sum) sink = sum[0];
  CHAINS(START)
  for (long round = 0; round < kRounds; ++round) { CHAINS(STEP) }
  CHAINS(END)
#undef START
#undef STEP
#undef END
}

#if defined(__AVX512BF16__)
void bfloat16() {
  const __m512bh factor = (__m512bh)_mm512_set1_epi16(0x3f7f);
#define START(sum) __m512 sum = _mm512_set1_ps(1.0f);
#define STEP(sum) sum = _mm512_dpbf16_ps(sum, factor, factor); APART(sum)
#define END(sum) sink = _mm512_cvtss_f32(sum);
  CHAINS(START)
  for (long round = 0; round < kRounds; ++round) { CHAINS(STEP) }
  CHAINS(END)
#undef START
#undef STEP
#undef END
}
#endif

// Best of three, GFLOP/s. `operations`: of one instruction.
double best(void (*work)(), double operations, int threads) {
  double least = 1e9;
  for (int attempt = 0; attempt < 3; ++attempt) {
    const auto started = std::chrono::steady_clock::now();
    std::vector<std::thread> running;
    for (int i = 0; i < threads; ++i) running.emplace_back(work);
    for (std::thread& thread : running) thread.join();
    least = std::min(least, std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count());
  }
  return operations * kChains * kRounds * threads / least / 1e9;
}

int main(int count, char** arguments) {
  const int threads = count > 1 ? std::atoi(arguments[1]) : 1;
  std::printf("{\"float32\": %.1f, \"bfloat16\": ", best(float32, 2.0 * kLanes, threads));
#if defined(__AVX512BF16__)
  std::printf("%.1f}\n", best(bfloat16, 4.0 * kLanes, threads));
#else
  std::printf("null}\n");
#endif
}
