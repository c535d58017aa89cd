// How many threads a graph gets: all of them on a quiet machine, one where others use the cores.
//
// ggml's threads meet at a spinning barrier after every operation. When another program holds one of the cores, every
// barrier waits for its time slice, and two threads become ten times slower than one. Nobody can know beforehand, so
// both are measured, per size of work, and the faster is taken. Results do not depend on it: every value is computed by
// one thread, in one order.
#pragma once
#include <array>
#include <cstdint>

class ThreadChoice {
  public:
    explicit ThreadChoice(int all) : all_(all) {}

    // The number of threads for a graph of so many operations with so much arithmetic (multiply-adds).
    int choose(double work, int operations);
    // What the graph that was chosen for last took.
    void record(double seconds);

  private:
    struct Measured {
        double one = 0, all = 0;  // seconds per unit of work, smoothed; 0 = not measured yet
        uint32_t untilOther = 0;
    };
    std::array<Measured, 48> sizes_{};
    int all_;
    Measured * current_ = nullptr;
    bool usedAll_ = true;
    double work_ = 0;
};
