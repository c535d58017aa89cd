#include "arguments.h"

#include <algorithm>
#include <cmath>

void refuse(Napi::Env env, const std::string & what) {
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

namespace {
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
    if (way == "portable") return Products::portable;
    if (way == "ggml") return Products::ggml;
    if (way != "automatic") refuse(options.Env(), "products must be automatic, portable, float32 or ggml");
    return Products::automatic;
}

ForwardPlan forwardPlan(const Napi::Object & options, Products products) {
    ForwardPlan plan;
    plan.measured = products == Products::automatic;
    plan.copyBytes = (size_t) std::max(0.0, number(options, "copyBytes", 0));
    const Napi::Value ways = options.Get("forward");
    if (ways.IsUndefined()) return plan;
    if (!ways.IsObject()) refuse(options.Env(), "forward must be an object");
    for (const auto & [type, way] : ways.As<Napi::Object>()) plan.ways[type.ToString()] = text(ways.As<Napi::Object>(), type.ToString().Utf8Value().c_str());
    return plan;
}
}  // namespace

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

TrainerOptions trainerOptions(const Napi::Object & o) {
    TrainerOptions options;
    options.model = text(o, "model");
    options.libraries = text(o, "libraries");
    options.gpu = !o.Get("gpu").IsUndefined() && flag(o, "gpu");
    options.products = products(o);
    options.threads = (int) number(o, "threads", 0);
    options.contextLength = (int64_t) number(o, "contextLength", 0);
    options.activations = activationPolicy(o);
    options.residency = residency(o);
    options.forward = forwardPlan(o, options.products);
    return options;
}

AdapterPlan adapterPlan(const Napi::Object & o) {
    AdapterPlan plan{};
    plan.alpha = (float) number(o, "alpha");
    plan.seed = (uint64_t) number(o, "seed");
    const Napi::Value own = o.Get("ranks"), layers = o.Get("layers");
    for (auto & target : list<std::string>(o.Get("targets"), "targets", [](const Napi::Value & v) { return v.ToString().Utf8Value(); })) {
        const bool special = own.IsObject() && own.As<Napi::Object>().Has(target);
        const int64_t rank = (int64_t) (special ? number(own.As<Napi::Object>(), target.c_str()) : number(o, "rank"));
        if (rank < 1 || rank > 1024) refuse(o.Env(), "a rank must lie between 1 and 1024");
        plan.ranks[target] = rank;
    }
    if (layers.IsObject()) {
        plan.firstLayer = (int64_t) number(layers.As<Napi::Object>(), "first");
        plan.lastLayer = (int64_t) number(layers.As<Napi::Object>(), "last");
    }
    return plan;
}
