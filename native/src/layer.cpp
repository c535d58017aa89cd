#include "layer.h"

namespace {
constexpr float geluScale = 0.7978845608f;  // √(2/π)
constexpr float geluCubic = 0.044715f;
}  // namespace

LayerGraph::LayerGraph(GraphRunner & runner, const Model & model, const PassInputs & inputs, int64_t layer, bool adapter)
    : runner_(runner), c_(runner.context()), model_(model), shape_(model.shape()), architecture_(model.architecture()), inputs_(inputs),
      layer_(model.layers[layer]), traits_(model.architecture().layers[layer]), segmentsOnly_(layer + 1 == model.shape().layers), adapter_(adapter) {
    const LinearKernels * kernels = runner.device().kernels(layer_.output.weight);
    if (kernels == nullptr) return;
    forwardKernels_ = &floatKernels();
    backwardKernels_ = &kernels->backward;
    tableGelu_ = &kernels->forward != &floatKernels();
}

// stream + residualScale · postNorm(branch)
ggml_tensor * LayerGraph::residual(ggml_tensor * branch, ggml_tensor * postNorm, ggml_tensor * stream) {
    if (postNorm != nullptr) branch = norm(branch, postNorm);
    if (architecture_.residualScale != 1) branch = ggml_scale(c_, branch, architecture_.residualScale);
    return ggml_add(c_, branch, stream);
}

// The gradient of the branch; the stream's is dOutput itself.
ggml_tensor * LayerGraph::residualBack(ggml_tensor * dOutput, ggml_tensor * branch, ggml_tensor * postNorm) {
    if (architecture_.residualScale != 1) dOutput = ggml_scale(c_, dOutput, architecture_.residualScale);
    return postNorm == nullptr ? dOutput : normBack(dOutput, branch, postNorm);
}

ggml_tensor * LayerGraph::activate(ggml_tensor * gate) {
    if (architecture_.activation == Activation::silu) return ggml_silu(c_, gate);
    return tableGelu_ ? ggml_gelu(c_, gate) : exactGelu(gate);
}

// On the CPU ggml's own reads a table in F16. Where products round as llama.cpp's do, so does GELU; where they are exact
// it is exact too.
// The tanh form is x·σ(z) with z = x·d, d = 2c·(1 + k·x²): silu(z)/d.
ggml_tensor * LayerGraph::exactGelu(ggml_tensor * x) {
    ggml_tensor * d = ggml_scale_bias(c_, ggml_sqr(c_, x), 2 * geluScale * geluCubic, 2 * geluScale);
    return ggml_div(c_, ggml_silu(c_, ggml_mul(c_, x, d)), d);
}

// dy ⊙ act'(x). GELU by its tanh form: y = x/2·(1 + t), t = tanh(u), u = c·x·(1 + k·x²).
ggml_tensor * LayerGraph::activateBack(ggml_tensor * dy, ggml_tensor * x) {
    if (architecture_.activation == Activation::silu) return ggml_silu_back(c_, dy, x);
    const float c = geluScale, k = geluCubic;
    ggml_tensor * square = ggml_sqr(c_, x);
    ggml_tensor * t = ggml_tanh(c_, ggml_mul(c_, x, ggml_scale_bias(c_, square, c * k, c)));
    ggml_tensor * du = ggml_scale_bias(c_, square, 3 * c * k, c);
    ggml_tensor * slope = ggml_mul(c_, ggml_mul(c_, x, du), ggml_scale_bias(c_, ggml_sqr(c_, t), -0.5f, 0.5f));
    return ggml_mul(c_, dy, ggml_add(c_, slope, ggml_scale_bias(c_, t, 0.5f, 0.5f)));
}

ggml_tensor * LayerGraph::hidden(const Activations & a) {
    if (architecture_.activation == Activation::silu) return ggml_swiglu_split(c_, a.gate, a.up);
    return tableGelu_ ? ggml_geglu_split(c_, a.gate, a.up) : ggml_mul(c_, exactGelu(a.gate), a.up);
}

void LayerGraph::feedForward(Activations & a) {
    ggml_tensor * input = architecture_.preNorms ? norm(a.middle, layer_.feedForwardNorm) : a.middle;
    if (layer_.gate) {
        const std::vector<ggml_tensor *> both = apply({&layer_.gate, &layer_.up}, input);
        a.gate = both[0], a.up = both[1];
    } else {
        ggml_tensor * both = apply(layer_.up, input);
        a.gate = columnsOf(both, 0, shape_.feedForward);
        a.up = columnsOf(both, shape_.feedForward, shape_.feedForward);
    }
    a.feedForwardOutput = apply(layer_.down, hidden(a));
}

ggml_tensor * LayerGraph::forward(Activations & a) {
    project(a, architecture_.preNorms ? norm(a.input, layer_.attentionNorm) : a.input);
    a.probabilities.clear();
    for (size_t i = 0; i < blocks(); i++) attend(i, a);
    a.attentionOutput = apply(layer_.output, a.attended);
    a.middle = residual(a.attentionOutput, layer_.postAttentionNorm, rowsOf(a.input, queryStart(), queryRows()));
    feedForward(a);
    return residual(a.feedForwardOutput, layer_.postFeedForwardNorm, a.middle);
}

// The gradient of `middle` through the feed-forward half, the residual stream included.
ggml_tensor * LayerGraph::feedForwardBack(const Activations & a, ggml_tensor * dOutput) {
    ggml_tensor * dBranch = residualBack(dOutput, a.feedForwardOutput, layer_.postFeedForwardNorm);
    ggml_tensor * dHidden = applyBack(layer_.down, dBranch, hidden(a), true);
    ggml_tensor * dUp = ggml_mul(c_, dHidden, activate(a.gate));
    ggml_tensor * dGate = activateBack(ggml_mul(c_, dHidden, a.up), a.gate);
    ggml_tensor * input = architecture_.preNorms ? norm(a.middle, layer_.feedForwardNorm) : a.middle;
    ggml_tensor * dInput;
    if (layer_.gate) dInput = applyBack({&layer_.gate, &layer_.up}, {dGate, dUp}, input, true);
    else dInput = applyBack(layer_.up, ggml_concat(c_, dGate, dUp, 0), input, true);
    return ggml_add(c_, dOutput, architecture_.preNorms ? normBack(dInput, a.middle, layer_.feedForwardNorm) : dInput);
}

ggml_tensor * LayerGraph::backward(const Activations & a, ggml_tensor * dOutput, bool needInput) {
    ggml_tensor * dMiddle = runner_.expand(feedForwardBack(a, dOutput));
    ggml_tensor * dBranch = residualBack(dMiddle, a.attentionOutput, layer_.postAttentionNorm);
    ggml_tensor * dAttended = runner_.expand(applyBack(layer_.output, dBranch, a.attended, true));
    for (size_t i = 0; i < blocks(); i++) attendBack(i, a, dAttended);

    ggml_tensor * dNormed = projectBack(a, architecture_.preNorms ? norm(a.input, layer_.attentionNorm) : a.input, needInput);
    if (!needInput) return nullptr;
    ggml_tensor * dInput = runner_.expand(architecture_.preNorms ? normBack(dNormed, a.input, layer_.attentionNorm) : dNormed);
    runner_.expand(ggml_add_inplace(c_, rowsOf(dInput, queryStart(), queryRows()), dMiddle));
    return dInput;
}
