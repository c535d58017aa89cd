// The trainer as JavaScript holds it.
#pragma once
#include <napi.h>

#include <memory>

#include "trainer.h"
#include "worker.h"

// The trainer lives and dies on its worker's thread.
struct TrainerState : std::enable_shared_from_this<TrainerState> {
    std::unique_ptr<Trainer> trainer;
    Worker worker;
    Trainer & open() {
        if (!trainer) throw Failure("cancelled", "The trainer is closed.", "", "Open it again.");
        return *trainer;
    }
};

ToValue nothing();

Napi::Function defineTrainerObject(Napi::Env env);
// Of a state whose trainer is open.
Napi::Value newTrainerObject(Napi::Env env, const Napi::FunctionReference & trainerClass, TrainerState * state);
