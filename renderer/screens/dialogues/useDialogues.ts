import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { FolkmootError } from "../../../core/contract/errors.ts";
import type { Dialogue } from "../../../core/contract/workbench/dialogues.ts";
import { useWorkbench } from "../../app/hooks.ts";
import { fromWire } from "../../connection/wireErrors.ts";
import type { Target } from "./query.ts";

/** Whole records kept for going back and forth. */
const mostKept = 40;

const key = (target: Target) => `${target.run} ${target.id}`;

/** The record of `target`, and those around it read ahead, so that going on needs no waiting. */
export function useDialogues(
  target: Target | null,
  neighbours: readonly Target[],
): { readonly dialogue: Dialogue | null; readonly error: FolkmootError | null; readonly reload: () => void } {
  const { client } = useWorkbench();
  const kept = useRef(new Map<string, Dialogue>());
  const [, redraw] = useState(0);
  const [failure, setFailure] = useState<{ key: string; error: FolkmootError } | null>(null);
  const [round, setRound] = useState(0);
  const wanted = target === null ? null : key(target);

  const keep = useCallback((dialogues: readonly Dialogue[]) => {
    for (const dialogue of dialogues) {
      const name = key({ run: dialogue.run, id: dialogue.record.id });
      kept.current.delete(name);
      kept.current.set(name, dialogue);
    }
    for (const name of [...kept.current.keys()].slice(0, Math.max(0, kept.current.size - mostKept)))
      kept.current.delete(name);
    redraw((n) => n + 1);
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `wanted` names the target, `round` asks again
  useEffect(() => {
    if (target === null || wanted === null || (round === 0 && kept.current.has(wanted))) return;
    let left = false;
    client.dialogues.get(target).then(
      (dialogue) => {
        if (!left) setFailure(null);
        keep([dialogue]);
      },
      (thrown: unknown) => !left && setFailure({ key: wanted, error: fromWire(thrown) }),
    );
    return () => {
      left = true;
    };
  }, [client, wanted, round]);

  const ahead = useMemo(() => neighbours.map(key).join("\n"), [neighbours]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `ahead` names the neighbours
  useEffect(() => {
    const targets = neighbours.filter((one) => !kept.current.has(key(one)));
    // Reading ahead is a courtesy: what fails is asked for again when it is wanted.
    if (targets.length > 0) client.dialogues.getMany({ targets: [...targets] }).then(keep, () => {});
  }, [client, ahead]);

  return {
    dialogue: wanted === null ? null : (kept.current.get(wanted) ?? null),
    error: failure !== null && failure.key === wanted ? failure.error : null,
    reload: useCallback(() => setRound((n) => n + 1), []),
  };
}
