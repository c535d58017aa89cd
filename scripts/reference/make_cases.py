"""Makes the reference cases of the native trainer: `python make_cases.py OUT [NAME …]` (default: all of cases.py).

Writes OUT/NAME/{model,adapter,grads-MODE,adapter-after-5-steps}.gguf and case.json. Everything follows from the seed
of a case: weights are float32, what is computed from them float64, on the CPU. Made again over test/fixtures/cases,
models and adapters are the same bytes, and what was computed differs by rounding at most. See README.md.
"""

import argparse
import contextlib
import json
import os

import torch

from architectures import ARCHITECTURES
from cases import CASES, RATING_SCALE, RATIO, Case
from float64 import double, float64
from model_file import write_adapter, write_model
from training import (
    ADAMW,
    adamw_steps,
    adapter_tensors,
    add_lora,
    gradient_of_mode,
    random_model,
    random_question,
    response_logps,
)


def make_case(folder: str, case: Case) -> dict:
    """Writes one case and returns what case.json holds."""
    os.makedirs(folder, exist_ok=True)
    architecture = ARCHITECTURES[case.architecture]
    model = random_model(case)
    write_model(os.path.join(folder, "model.gguf"), model, architecture)
    loras = add_lora(model, case)

    def write(name, pick):
        tensors = adapter_tensors(loras, model, case, pick)
        write_adapter(os.path.join(folder, f"{name}.gguf"), architecture.gguf, case.alpha, tensors)

    write("adapter", lambda parameter: parameter.detach())
    query, responses = question = random_question(case)
    record = {
        "arch": architecture.gguf,
        "rank": case.rank,
        "alpha": case.alpha,
        **({} if case.context_length is None else {"contextLength": case.context_length}),
        "query": query,
        "responses": responses,
        "scores": [float(score) for score in case.scores],
        "ratingScale": RATING_SCALE,
        "margin": case.margin,
        "ratio": RATIO,
        "modes": {},
    }
    if not case.published:
        double(model)
    with contextlib.nullcontext() if case.published else float64():
        with torch.no_grad():
            record["logps"] = [row.tolist() for row in response_logps(model, *question)]
        for mode in case.modes:
            record["modes"][mode] = gradient_of_mode(model, loras, question, case, mode)
            write(f"grads-{mode}", lambda parameter: parameter.grad)
        record["adamw"] = {**ADAMW, "weight_decay": 0, "loss_trace": adamw_steps(model, loras, question, case)}
    write("adapter-after-5-steps", lambda parameter: parameter.detach())
    with open(os.path.join(folder, "case.json"), "w") as file:
        json.dump(record, file)
    return record


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("out", help="the folder of all cases, e.g. test/fixtures/cases")
    arguments.add_argument("names", nargs="*", help=f"of {', '.join(CASES)}")
    chosen = arguments.parse_args()
    # One order of every sum, so that the same machine makes the same bytes.
    torch.set_num_threads(1)
    if unknown := set(chosen.names) - set(CASES):
        arguments.error(f"no such case: {', '.join(sorted(unknown))}")
    for name in chosen.names or CASES:
        record = make_case(os.path.join(chosen.out, name), CASES[name])
        trace = " ".join(f"{loss:.4f}" for loss in record["adamw"]["loss_trace"])
        norm = record["modes"]["paper-mean"]["grad_norm"]
        print(f"{name}: loss of five steps {trace}, gradient norm {norm:.3f}", flush=True)


if __name__ == "__main__":
    main()
