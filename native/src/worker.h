// One thread that does the work of one trainer, in order, away from Node's loop and from libuv's pool.
#pragma once
#include <napi.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

// A job computes on the worker's thread and returns how to turn its result into a JavaScript value.
using ToValue = std::function<Napi::Value(Napi::Env)>;
using Job = std::function<ToValue()>;

class Worker {
  public:
    Worker() = default;
    ~Worker() { stop(); }
    Worker(const Worker &) = delete;
    Worker & operator=(const Worker &) = delete;

    // Queues a job; the promise settles with its value or rejects with its Failure. `owner` (of this worker, say) is held
    // until then and let go on Node's thread: a worker must never end on its own thread.
    Napi::Promise run(Napi::Env env, Job job, std::shared_ptr<void> owner = nullptr);

    // The job in flight sees `cancelled()`; those that wait reject without starting.
    void cancel() { generation_.fetch_add(1); }
    bool cancelled() const { return generation_.load(std::memory_order_relaxed) != running_.load(std::memory_order_relaxed); }
    void checkCancelled() const;

    // Takes no more jobs; the thread ends after those that were queued.
    void close();
    // Closes and cancels, then waits for the thread's end.
    void stop();

  private:
    struct Task;
    void loop();
    void start();

    std::thread thread_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<std::shared_ptr<Task>> tasks_;
    bool closed_ = false;
    std::atomic<uint64_t> generation_{0};
    std::atomic<uint64_t> running_{0};
};
