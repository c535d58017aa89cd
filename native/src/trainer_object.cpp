#include "trainer_object.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "arguments.h"
#include "failure.h"

ToValue nothing() {
    return [](Napi::Env env) { return env.Undefined(); };
}

namespace {
// glibc keeps what a thread freed; a model's worth of it belongs back to the system.
void returnFreeMemory() {
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

Napi::Value fromLogps(Napi::Env env, const Logps & logps) {
    Napi::Array rows = Napi::Array::New(env, logps.size());
    for (size_t i = 0; i < logps.size(); i++) {
        Napi::HandleScope scope(env);
        Napi::Array responses = Napi::Array::New(env, logps[i].size());
        for (size_t j = 0; j < logps[i].size(); j++) {
            Napi::Array values = Napi::Array::New(env, logps[i][j].size());
            for (size_t t = 0; t < logps[i][j].size(); t++) values.Set((uint32_t) t, logps[i][j][t]);
            responses.Set((uint32_t) j, values);
        }
        rows.Set((uint32_t) i, responses);
    }
    return rows;
}

// By type of the linears: { forward, backward }.
Napi::Object products(Napi::Env env, const Trainer & trainer) {
    Napi::Object all = Napi::Object::New(env);
    for (const auto & [type, names] : trainer.model().products()) {
        Napi::Object one = Napi::Object::New(env);
        one.Set("forward", names.forward);
        one.Set("backward", names.backward);
        all.Set(type, one);
    }
    return all;
}

class TrainerObject : public Napi::ObjectWrap<TrainerObject> {
  public:
    static Napi::Function define(Napi::Env env) {
        return DefineClass(env, "NativeTrainer", {
            InstanceAccessor<&TrainerObject::info>("info"),
            InstanceMethod<&TrainerObject::newAdapter>("newAdapter"),
            InstanceMethod<&TrainerObject::loadAdapter>("loadAdapter"),
            InstanceMethod<&TrainerObject::trainBase>("trainBase"),
            InstanceMethod<&TrainerObject::saveAdapter>("saveAdapter"),
            InstanceMethod<&TrainerObject::saveAdapter>("saveModel"),
            InstanceMethod<&TrainerObject::saveGradients>("saveGradients"),
            InstanceMethod<&TrainerObject::saveState>("saveState"),
            InstanceMethod<&TrainerObject::loadState>("loadState"),
            InstanceMethod<&TrainerObject::forward>("forward"),
            InstanceMethod<&TrainerObject::backward>("backward"),
            InstanceMethod<&TrainerObject::zeroGradients>("zeroGradients"),
            InstanceMethod<&TrainerObject::step>("step"),
            InstanceMethod<&TrainerObject::memory>("memory"),
            InstanceMethod<&TrainerObject::cancel>("cancel"),
            InstanceMethod<&TrainerObject::dispose>("dispose"),
        });
    }

    explicit TrainerObject(const Napi::CallbackInfo & info) : Napi::ObjectWrap<TrainerObject>(info) {
        if (!info[0].IsExternal()) refuse(info.Env(), "Use openTrainer");
        state_ = info[0].As<Napi::External<TrainerState>>().Data()->shared_from_this();
        const Trainer & trainer = state_->open();
        const Shape & s = trainer.model().shape();
        Napi::Object object = Napi::Object::New(info.Env());
        object.Set("architecture", trainer.model().architecture().name);
        const std::pair<const char *, int64_t> numbers[] = {{"layers", s.layers}, {"embedding", s.embedding}, {"feedForward", s.feedForward}, {"heads", s.heads},
                                                            {"kvHeads", s.kvHeads}, {"vocabulary", s.vocabulary}, {"contextLength", s.context}, {"threads", trainer.device().threads()}};
        for (const auto & [name, value] : numbers) object.Set(name, (double) value);
        object.Set("tied", trainer.model().tied());
        if (trainer.device().isCpu()) object.Set("gpuLayers", info.Env().Null());
        else object.Set("gpuLayers", (double) trainer.model().residentLayers());
        const Device & device = trainer.device();
        object.Set("products", products(info.Env(), trainer));
        object.Set("device", device.isCpu() ? device.name() : device.name() + ": " + device.description());
        info_ = Napi::Persistent(object);
    }

  private:
    Napi::Value info(const Napi::CallbackInfo &) { return info_.Value(); }

    template <typename Work>
    Napi::Value run(const Napi::CallbackInfo & info, Work work) {
        return state_->worker.run(info.Env(), [state = state_.get(), work = std::move(work)]() -> ToValue { return work(state->open()); }, state_);
    }

    Napi::Value newAdapter(const Napi::CallbackInfo & info) {
        return run(info, [plan = adapterPlan(object(info, 0))](Trainer & t) { t.newAdapter(plan); return nothing(); });
    }
    Napi::Value loadAdapter(const Napi::CallbackInfo & info) {
        return run(info, [p = path(info)](Trainer & t) { t.loadAdapter(p); return nothing(); });
    }
    Napi::Value trainBase(const Napi::CallbackInfo & info) {
        return run(info, [](Trainer & t) { t.trainBase(); return nothing(); });
    }
    Napi::Value saveAdapter(const Napi::CallbackInfo & info) {
        return run(info, [p = path(info)](Trainer & t) { t.trained().save(p); return nothing(); });
    }
    Napi::Value saveGradients(const Napi::CallbackInfo & info) {
        return run(info, [p = path(info)](Trainer & t) { t.trained().saveGradients(p); return nothing(); });
    }
    Napi::Value saveState(const Napi::CallbackInfo & info) {
        return run(info, [p = path(info)](Trainer & t) { t.trained().saveState(p); return nothing(); });
    }
    Napi::Value loadState(const Napi::CallbackInfo & info) {
        return run(info, [p = path(info)](Trainer & t) { t.trained().loadState(p); return nothing(); });
    }
    Napi::Value forward(const Napi::CallbackInfo & info) {
        const Napi::Object o = object(info, 1);
        return run(info, [rows = tokenRows(info[0]), adapter = flag(o, "adapter"), keep = flag(o, "keep")](Trainer & t) -> ToValue {
            return [logps = t.forward(rows, adapter, keep)](Napi::Env env) { return fromLogps(env, logps); };
        });
    }
    Napi::Value backward(const Napi::CallbackInfo & info) {
        return run(info, [gradients = logpGradients(info[0])](Trainer & t) { t.backward(gradients); return nothing(); });
    }
    Napi::Value zeroGradients(const Napi::CallbackInfo & info) {
        return run(info, [](Trainer & t) { t.trained().zeroGradients(); return nothing(); });
    }
    Napi::Value step(const Napi::CallbackInfo & info) {
        const Napi::Object o = object(info, 0);
        const auto value = [&](const char * key) { return (float) number(o, key); };
        const AdamW settings{value("learningRate"), value("beta1"), value("beta2"), value("epsilon"), value("weightDecay"), value("gradientScale"), value("clipNorm")};
        return run(info, [settings](Trainer & t) -> ToValue {
            const float norm = t.step(settings);
            return [norm, steps = t.trained().steps()](Napi::Env env) {
                Napi::Object result = Napi::Object::New(env);
                result.Set("gradNorm", norm);
                result.Set("step", (double) steps);
                return result;
            };
        });
    }
    Napi::Value memory(const Napi::CallbackInfo & info) {
        return run(info, [](Trainer & t) -> ToValue {
            return [m = t.memory()](Napi::Env env) {
                Napi::Object result = Napi::Object::New(env);
                const std::pair<const char *, size_t> parts[] = {{"weights", m.weights}, {"copies", m.copies}, {"adapter", m.adapter},
                                                                 {"activations", m.activations}, {"arena", m.arena}};
                for (const auto & [name, bytes] : parts) result.Set(name, (double) bytes);
                return result;
            };
        });
    }
    Napi::Value cancel(const Napi::CallbackInfo & info) {
        state_->worker.cancel();
        return info.Env().Undefined();
    }
    Napi::Value dispose(const Napi::CallbackInfo & info) {
        state_->worker.cancel();
        const auto close = [state = state_.get()]() -> ToValue {
            state->trainer.reset();
            returnFreeMemory();
            return nothing();
        };
        const Napi::Value closing = state_->worker.run(info.Env(), close, state_);
        state_->worker.close();
        return closing;
    }

    std::shared_ptr<TrainerState> state_;
    Napi::ObjectReference info_;
};
}  // namespace

Napi::Function defineTrainerObject(Napi::Env env) { return TrainerObject::define(env); }

Napi::Value newTrainerObject(Napi::Env env, const Napi::FunctionReference & trainerClass, TrainerState * state) {
    return trainerClass.New({Napi::External<TrainerState>::New(env, state)});
}
