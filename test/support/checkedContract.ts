/** Holds what a procedure answers against the contract: nothing missing, nothing that the contract does not name. */
import { isContractProcedure } from "@orpc/contract";
import { expect } from "vitest";
import type { ZodType } from "zod";
import { type WorkbenchClient, workbenchContract } from "../../core/contract/workbench.ts";

/** The same client; every answer that is no stream is compared with what its schema makes of it. */
export function checkedClient(client: WorkbenchClient): WorkbenchClient {
  return checked(client, workbenchContract as never, "") as WorkbenchClient;
}

function checked(inner: unknown, contract: Record<string, unknown>, path: string): unknown {
  return new Proxy(() => {}, {
    get: (_, key) => {
      const name = String(key);
      if (!(name in contract)) return undefined;
      const procedure = contract[name];
      const target = (inner as Record<string, unknown>)[name];
      if (!isContractProcedure(procedure))
        return checked(target, procedure as Record<string, unknown>, `${path}${name}.`);
      const schema = procedure["~orpc"].outputSchema as (ZodType & { "~standard": unknown }) | undefined;
      return async (...args: unknown[]) => {
        const answer = await (target as (...given: unknown[]) => Promise<unknown>)(...args);
        if (isStream(answer) || schema === undefined || typeof schema.parse !== "function") return answer;
        expect(schema.parse(answer), `${path}${name}`).toEqual(answer);
        return answer;
      };
    },
  });
}

function isStream(value: unknown): boolean {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}
