// The JavaScript face of the addon; the types stand in core/alignment/nativeTrainer.ts.
#include <napi.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <algorithm>
#include <cmath>

#include "exports.h"
#include "failure.h"
#include "trainer.h"
#include "worker.h"

namespace {
using Logps = std::vector<std::vector<std::vector<float>>>;

// --- values from JavaScript ---------------------------------------------------------------------------------------

[[noreturn]] void refuse(Napi::Env env, const std::string & what) {
    Napi::Error error = Napi::TypeError::New(env, what);
    error.Set("code", Napi::String::New(env, "bad-input"));
    error.Set("action", Napi::String::New(env, "Check the arguments of the native call."));
    throw error;
}

std::string text(const Napi::Object & from, const char * key) {
    const Napi::Value value = from.Get(key);
    if (!value.IsString()) refuse(from.Env(), std::string(key) + " must be text");
    return value.As<Napi::String>();
}

double number(const Napi::Object & from, const char * key) {
    const Napi::Value value = from.Get(key);
    if (!value.IsNumber()) refuse(from.Env(), std::string(key) + " must be a number");
    return value.As<Napi::Number>().DoubleValue();
}

double number(const Napi::Object & from, const char * key, double otherwise) { return from.Get(key).IsUndefined() ? otherwise : number(from, key); }

bool flag(const Napi::Object & from, const char * key) {
    const Napi::Value value = from.Get(key);
    if (!value.IsBoolean()) refuse(from.Env(), std::string(key) + " must be true or false");
    return value.As<Napi::Boolean>();
}

Napi::Object object(const Napi::CallbackInfo & info, size_t index) {
    if (!info[index].IsObject()) refuse(info.Env(), "An object is expected");
    return info[index].As<Napi::Object>();
}

std::string path(const Napi::CallbackInfo & info) {
    if (!info[0].IsString()) refuse(info.Env(), "A path is expected");
    return info[0].As<Napi::String>();
}

Napi::Array array(const Napi::Value & value, const char * what) {
    if (!value.IsArray()) refuse(value.Env(), std::string(what) + " must be an array");
    return value.As<Napi::Array>();
}

template <typename Item, typename Read>
std::vector<Item> list(const Napi::Value & value, const char * what, Read read) {
    const Napi::Array items = array(value, what);
    std::vector<Item> result;
    result.reserve(items.Length());
    for (uint32_t i = 0; i < items.Length(); i++) {
        Napi::HandleScope scope(value.Env());
        result.push_back(read(items.Get(i)));
    }
    return result;
}

std::vector<int32_t> tokens(const Napi::Value & value) {
    return list<int32_t>(value, "tokens", [](const Napi::Value & item) {
        if (!item.IsNumber()) refuse(item.Env(), "A token must be a number");
        return item.As<Napi::Number>().Int32Value();
    });
}

std::vector<TokenRow> tokenRows(const Napi::Value & value) {
    return list<TokenRow>(value, "rows", [](const Napi::Value & item) {
        if (!item.IsObject()) refuse(item.Env(), "A row must be an object");
        const Napi::Object row = item.As<Napi::Object>();
        return TokenRow{tokens(row.Get("query")), list<std::vector<int32_t>>(row.Get("responses"), "responses", tokens)};
    });
}

Logps logpGradients(const Napi::Value & value) {
    const auto numbers = [](const Napi::Value & item) {
        return list<float>(item, "dLogp", [](const Napi::Value & x) {
            if (!x.IsNumber()) refuse(x.Env(), "dLogp must hold numbers");
            return x.As<Napi::Number>().FloatValue();
        });
    };
    const auto responses = [&](const Napi::Value & item) { return list<std::vector<float>>(item, "dLogp", numbers); };
    return list<std::vector<std::vector<float>>>(value, "dLogp", responses);
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

ToValue nothing() {
    return [](Napi::Env env) { return env.Undefined(); };
}

// glibc keeps what a thread freed; a model's worth of it belongs back to the system.
void returnFreeMemory() {
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

// --- the trainer --------------------------------------------------------------------------------------------------

// The trainer lives and dies on its worker's thread.
struct TrainerState : std::enable_shared_from_this<TrainerState> {
    std::unique_ptr<Trainer> trainer;
    Worker worker;
    Trainer & open() {
        if (!trainer) throw Failure("cancelled", "The trainer is closed.", "", "Open it again.");
        return *trainer;
    }
};

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
        const Napi::Object o = object(info, 0);
        AdapterPlan plan{};
        plan.alpha = (float) number(o, "alpha");
        plan.seed = (uint64_t) number(o, "seed");
        const Napi::Value own = o.Get("ranks"), layers = o.Get("layers");
        for (auto & target : list<std::string>(o.Get("targets"), "targets", [](const Napi::Value & v) { return v.ToString().Utf8Value(); })) {
            const bool special = own.IsObject() && own.As<Napi::Object>().Has(target);
            const int64_t rank = (int64_t) (special ? number(own.As<Napi::Object>(), target.c_str()) : number(o, "rank"));
            if (rank < 1 || rank > 1024) refuse(info.Env(), "a rank must lie between 1 and 1024");
            plan.ranks[target] = rank;
        }
        if (layers.IsObject()) {
            plan.firstLayer = (int64_t) number(layers.As<Napi::Object>(), "first");
            plan.lastLayer = (int64_t) number(layers.As<Napi::Object>(), "last");
        }
        return run(info, [plan](Trainer & t) { t.newAdapter(plan); return nothing(); });
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
                const std::pair<const char *, size_t> parts[] = {{"weights", m.weights}, {"transposed", m.transposed}, {"adapter", m.adapter},
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

struct AddonData {
    Napi::FunctionReference trainerClass;
    Worker exports;  // merge and quantize, one after another
};

ActivationPolicy activationPolicy(const Napi::Object & options) {
    if (options.Get("activations").IsUndefined()) return ActivationPolicy::automatic;
    const std::string policy = text(options, "activations");
    if (policy == "keep") return ActivationPolicy::keep;
    if (policy == "recompute") return ActivationPolicy::recompute;
    if (policy != "automatic") refuse(options.Env(), "activations must be automatic, keep or recompute");
    return ActivationPolicy::automatic;
}

Residency residency(const Napi::Object & options) {
    Residency result;
    const Napi::Value layers = options.Get("gpuLayers");
    const bool automatic = layers.IsUndefined() || (layers.IsString() && layers.As<Napi::String>().Utf8Value() == "auto");
    if (!automatic) {
        const double count = number(options, "gpuLayers");
        if (count < 0 || count != std::floor(count)) refuse(options.Env(), "gpuLayers must be auto or a whole number");
        result.layers = (int64_t) std::min(count, 1e6);
    }
    result.reserve = (size_t) std::max(0.0, number(options, "reserveBytes", (double) result.reserve));
    return result;
}

Products products(const Napi::Object & options) {
    if (options.Get("products").IsUndefined()) return Products::automatic;
    const std::string way = text(options, "products");
    if (way == "float32") return Products::float32;
    if (way == "ggml") return Products::ggml;
    if (way != "automatic") refuse(options.Env(), "products must be automatic, float32 or ggml");
    return Products::automatic;
}

Napi::Value openTrainer(const Napi::CallbackInfo & info) {
    const Napi::Object o = object(info, 0);
    auto state = std::make_shared<TrainerState>();
    TrainerOptions options;
    options.model = text(o, "model");
    options.libraries = text(o, "libraries");
    options.gpu = !o.Get("gpu").IsUndefined() && flag(o, "gpu");
    options.products = products(o);
    options.threads = (int) number(o, "threads", 0);
    options.contextLength = (int64_t) number(o, "contextLength", 0);
    options.activations = activationPolicy(o);
    options.residency = residency(o);
    const auto open = [raw = state.get(), options]() -> ToValue {
        raw->trainer = std::make_unique<Trainer>(options, [raw] { return raw->worker.cancelled(); });
        return [raw](Napi::Env env) -> Napi::Value {
            return env.GetInstanceData<AddonData>()->trainerClass.New({Napi::External<TrainerState>::New(env, raw)});
        };
    };
    return state->worker.run(info.Env(), open, state);
}

Napi::Value listGpus(const Napi::CallbackInfo & info) {
    const Napi::Object o = object(info, 0);
    Worker & worker = info.Env().GetInstanceData<AddonData>()->exports;
    return worker.run(info.Env(), [libraries = text(o, "libraries")]() -> ToValue {
        return [gpus = findGpus(libraries)](Napi::Env env) {
            Napi::Array result = Napi::Array::New(env, gpus.size());
            for (size_t i = 0; i < gpus.size(); i++) {
                Napi::Object gpu = Napi::Object::New(env);
                gpu.Set("name", gpus[i].name);
                gpu.Set("description", gpus[i].description);
                gpu.Set("software", gpus[i].software);
                gpu.Set("freeBytes", (double) gpus[i].free);
                gpu.Set("totalBytes", (double) gpus[i].total);
                result.Set((uint32_t) i, gpu);
            }
            return result;
        };
    });
}

Napi::Value merge(const Napi::CallbackInfo & info) {
    const Napi::Object o = object(info, 0);
    Worker & worker = info.Env().GetInstanceData<AddonData>()->exports;
    return worker.run(info.Env(), [&worker, model = text(o, "model"), adapter = text(o, "adapter"), output = text(o, "output"), libraries = text(o, "libraries"),
                                   threads = (int) number(o, "threads", 0)]() -> ToValue {
        mergeAdapter(model, adapter, output, libraries, threads, [&worker] { return worker.cancelled(); });
        return nothing();
    });
}

Napi::Value quantize(const Napi::CallbackInfo & info) {
    const Napi::Object o = object(info, 0);
    Worker & worker = info.Env().GetInstanceData<AddonData>()->exports;
    return worker.run(info.Env(), [input = text(o, "input"), output = text(o, "output"), type = text(o, "type"), libraries = text(o, "libraries"),
                                   threads = (int) number(o, "threads", 0)]() -> ToValue {
        quantizeModel(input, output, type, libraries, threads);
        return nothing();
    });
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
    auto * data = new AddonData();
    data->trainerClass = Napi::Persistent(TrainerObject::define(env));
    env.SetInstanceData(data);
    exports.Set("openTrainer", Napi::Function::New(env, openTrainer));
    exports.Set("listGpus", Napi::Function::New(env, listGpus));
    exports.Set("mergeAdapter", Napi::Function::New(env, merge));
    exports.Set("quantize", Napi::Function::New(env, quantize));
    exports.Set("release", FOLKMOOT_LLAMA_RELEASE);
    return exports;
}
}  // namespace

NODE_API_MODULE(folkmoot, init)
