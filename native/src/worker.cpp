#include "worker.h"

#include "failure.h"

namespace {
Failure cancelledFailure() {
    return Failure("cancelled", "The work was stopped.", "", "Resume it when you like; what was finished is kept.");
}

Napi::Value toError(Napi::Env env, const Failure & failure) {
    Napi::Object error = Napi::Error::New(env, failure.what()).Value();
    error.Set("code", failure.code);
    if (!failure.reason.empty()) error.Set("reason", failure.reason);
    error.Set("action", failure.action);
    return error;
}
}  // namespace

struct Worker::Task {
    Job job;
    uint64_t generation;
    Napi::Promise::Deferred deferred;
    Napi::ThreadSafeFunction settle;
    ToValue value;
    std::unique_ptr<Failure> failure;
    std::shared_ptr<void> owner;

    Task(Napi::Env env, Job job, uint64_t generation, std::shared_ptr<void> owner)
        : job(std::move(job)), generation(generation), deferred(Napi::Promise::Deferred::New(env)), owner(std::move(owner)) {}
};

Napi::Promise Worker::run(Napi::Env env, Job job, std::shared_ptr<void> owner) {
    auto task = std::make_shared<Task>(env, std::move(job), generation_.load(), std::move(owner));
    task->settle = Napi::ThreadSafeFunction::New(env, Napi::Function(), "folkmoot", 0, 1);
    {
        std::lock_guard<std::mutex> lock(mutex_);
        if (closed_) {
            task->settle.Release();
            task->deferred.Reject(toError(env, Failure("cancelled", "The trainer is closed.", "", "Open it again.")));
            return task->deferred.Promise();
        }
        tasks_.push_back(task);
    }
    start();
    wake_.notify_one();
    return task->deferred.Promise();
}

void Worker::start() {
    if (!thread_.joinable()) thread_ = std::thread([this] { loop(); });
}

void Worker::loop() {
    for (;;) {
        std::shared_ptr<Task> task;
        {
            std::unique_lock<std::mutex> lock(mutex_);
            wake_.wait(lock, [this] { return closed_ || !tasks_.empty(); });
            if (tasks_.empty()) return;
            task = tasks_.front();
            tasks_.pop_front();
        }
        running_.store(task->generation);
        try {
            checkCancelled();
            task->value = task->job();
        } catch (const Failure & failure) {
            task->failure = std::make_unique<Failure>(failure);
        } catch (const std::bad_alloc &) {
            task->failure = std::make_unique<Failure>(outOfMemory("this step", 0));
        } catch (const std::exception & error) {
            task->failure = std::make_unique<Failure>("internal", error.what(), "This is a fault of the program.",
                                                      "Copy the diagnostics and report it.");
        }
        task->job = nullptr;
        // The task moves into the callback: promise, value and owner are touched and let go on Node's thread only.
        Napi::ThreadSafeFunction settle = task->settle;
        settle.BlockingCall(new std::shared_ptr<Task>(std::move(task)), [](Napi::Env env, Napi::Function, std::shared_ptr<Task> * held) {
            const std::shared_ptr<Task> done = std::move(*held);
            delete held;
            if (done->failure) done->deferred.Reject(toError(env, *done->failure));
            else done->deferred.Resolve(done->value(env));
        });
        settle.Release();
    }
}

void Worker::checkCancelled() const {
    if (cancelled()) throw cancelledFailure();
}

void Worker::close() {
    {
        std::lock_guard<std::mutex> lock(mutex_);
        closed_ = true;
    }
    wake_.notify_all();
}

void Worker::stop() {
    cancel();
    close();
    if (thread_.joinable()) thread_.join();
}
