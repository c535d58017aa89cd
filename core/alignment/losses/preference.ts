/** DPO, IPO, SimPO, ORPO and the CPO of Xu et al., each as what it does to one pair. */
import type { SingleLossSettings } from "../../contract/alignment.ts";
import { log1mexp, logSigmoid, sigmoid } from "./numerics.ts";
import type { PairLoss, PairTerm } from "./pairLoss.ts";

type Of<Id extends SingleLossSettings["id"]> = Extract<SingleLossSettings, { id: Id }>;

/**
 * A mean log-probability nearer to 0 than this counts as this in the odds, whose logarithm has a pole there. F32
 * log-probabilities of certain tokens are whole multiples of 6e-8.
 */
const certain = -1e-6;

/** −log σ(β·(x_w − x_l) − γ). */
function logistic(beta: number, gamma: number, chosen: number, rejected: number): PairTerm {
  const z = beta * (chosen - rejected) - gamma;
  const slope = beta * sigmoid(-z);
  return { value: -logSigmoid(z), dChosen: -slope, dRejected: slope };
}

/** Direct preference optimization (2305.18290, equation 7): x = log π(y)/π_ref(y), summed over tokens. */
export function dpo({ beta }: Of<"dpo">): PairLoss {
  const pair = (chosen: number, rejected: number) => logistic(beta, 0, chosen, rejected);
  return { averaged: false, reference: true, pair, pairWeight: 1, nllWeight: 0, beta };
}

/** Identity preference optimization (2310.12036, equation 17), on log-ratios per token as TRL has it. */
export function ipo({ beta }: Of<"ipo">): PairLoss {
  const pair = (chosen: number, rejected: number) => {
    const gap = chosen - rejected - 1 / (2 * beta);
    return { value: gap * gap, dChosen: 2 * gap, dRejected: -2 * gap };
  };
  return { averaged: true, reference: true, pair, pairWeight: 1, nllWeight: 0, beta };
}

/** Simple preference optimization (2405.14734, equation 6): mean log-probability per token, no reference. */
export function simpo({ beta, gamma }: Of<"simpo">): PairLoss {
  const pair = (chosen: number, rejected: number) => logistic(beta, gamma, chosen, rejected);
  return { averaged: true, reference: false, pair, pairWeight: 1, nllWeight: 0, beta };
}

/** Odds ratio preference optimization (2403.07691, equations 6 and 7), odds of the mean probability per token. */
export function orpo({ beta }: Of<"orpo">): PairLoss {
  const pair = (chosen: number, rejected: number) => {
    const [better, worse] = [Math.min(chosen, certain), Math.min(rejected, certain)];
    const z = better - worse - (log1mexp(better) - log1mexp(worse));
    const slope = sigmoid(-z);
    // d log odds / dx = 1 / (1 − eˣ); beyond `certain` the odds stand still.
    const odds = (x: number, held: number) => (x > held ? 0 : -1 / Math.expm1(held));
    return {
      value: -logSigmoid(z),
      dChosen: -slope * odds(chosen, better),
      dRejected: slope * odds(rejected, worse),
    };
  };
  return { averaged: true, reference: false, pair, pairWeight: beta, nllWeight: 1, beta };
}

/** Contrastive preference optimization of Xu et al. (2401.08417, equation 5): DPO without reference, and likelihood. */
export function cpoXu({ beta, alpha }: Of<"cpo-xu">): PairLoss {
  const pair = (chosen: number, rejected: number) => logistic(beta, 0, chosen, rejected);
  return { averaged: false, reference: false, pair, pairWeight: 1, nllWeight: alpha, beta };
}
