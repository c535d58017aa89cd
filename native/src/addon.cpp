// The JavaScript face of the addon; the types stand in core/alignment/nativeTrainer.ts.
#include <napi.h>

#include "arguments.h"
#include "exports.h"
#include "trainer_object.h"

namespace {
struct AddonData {
    Napi::FunctionReference trainerClass;
    Worker exports;  // merge and quantize, one after another
};

Napi::Value openTrainer(const Napi::CallbackInfo & info) {
    auto state = std::make_shared<TrainerState>();
    const auto open = [raw = state.get(), options = trainerOptions(object(info, 0))]() -> ToValue {
        raw->trainer = std::make_unique<Trainer>(options, [raw] { return raw->worker.cancelled(); });
        return [raw](Napi::Env env) -> Napi::Value {
            return newTrainerObject(env, env.GetInstanceData<AddonData>()->trainerClass, raw);
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
    data->trainerClass = Napi::Persistent(defineTrainerObject(env));
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
