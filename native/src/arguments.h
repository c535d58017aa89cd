// Values from JavaScript as the trainer's own; what does not fit is thrown as a `bad-input` at once.
#pragma once
#include <napi.h>

#include "trainer.h"

[[noreturn]] void refuse(Napi::Env env, const std::string & what);

Napi::Object object(const Napi::CallbackInfo & info, size_t index);
std::string path(const Napi::CallbackInfo & info);  // the first argument
std::string text(const Napi::Object & from, const char * key);
double number(const Napi::Object & from, const char * key);
double number(const Napi::Object & from, const char * key, double otherwise);
bool flag(const Napi::Object & from, const char * key);

// As core/alignment/nativeTrainer.ts describes them.
std::vector<TokenRow> tokenRows(const Napi::Value & value);
Logps logpGradients(const Napi::Value & value);
TrainerOptions trainerOptions(const Napi::Object & options);
AdapterPlan adapterPlan(const Napi::Object & options);
