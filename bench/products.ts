/**
 * Products with a frozen weight on this processor, by type: `npm run bench:products -- [--threads 1] [--size 2048]
 * [--rows 512] [--json]`. Our own kernels (native/src/kernels*.cpp) beside those of ggml's CPU backend, in its plain buffers
 * and in its extra ones (repacked weights, AMX), in one process, medians of five. GFLOP/s; higher is better.
 * Writes bench/results/products.json.
 */
import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { z } from "zod";
import { ggmlLibraryFolder } from "../core/models/llama/libraries.ts";
import { machine } from "./machine.ts";

const { values } = parseArgs({
  options: {
    threads: { type: "string", default: "1" },
    size: { type: "string", default: "2048" },
    rows: { type: "string", default: "512" },
    json: { type: "boolean", default: false },
  },
});

const measured = z.object({
  type: z.string(),
  /** W·x as llama.cpp has it, by our kernels. */
  forward: z.number(),
  /** Wᵀ·dY, by our kernels. */
  backward: z.number(),
  /** ggml's product, weights in a plain buffer. */
  ggml: z.number(),
  /** ggml's product by extra buffer type; those that take the type. */
  extra: z.record(z.string(), z.number()),
});

const execute = promisify(execFile);
const root = join(import.meta.dirname, "..");
const folder = await mkdtemp(join(tmpdir(), "folkmoot-products-"));
try {
  const program = await compile(join(folder, "products"));
  const { stdout } = await execute(program, [
    ggmlLibraryFolder({ device: "cpu" }),
    values.size,
    values.rows,
    values.threads,
  ]);
  const types = stdout
    .trim()
    .split("\n")
    .map((line) => measured.parse(JSON.parse(line)));
  const figures = { machine: machine(), threads: +values.threads, size: +values.size, rows: +values.rows, types };
  await writeFile(join(import.meta.dirname, "results", "products.json"), `${JSON.stringify(figures, null, 2)}\n`);
  if (values.json) console.log(JSON.stringify(figures));
  else console.table(types.map(({ extra, ...rest }) => ({ ...rest, ...extra })));
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** With the flags and headers of the addon; ggml's libraries are those it loads. */
async function compile(program: string): Promise<string> {
  const native = join(root, "native");
  const headers = (await readdir(join(native, "build"))).find((name) => name.startsWith("llama.cpp-"));
  if (headers === undefined) throw new Error("The addon is not built yet: npm run build:native.");
  const libraries = ggmlLibraryFolder({ device: "cpu" });
  const ggml = (await readdir(libraries)).find((name) => /^libggml\.v.*\.so$/.test(name));
  if (ggml === undefined) throw new Error("This bench knows Linux's libraries only.");
  const sources = ["kernels", "kernels_f32", "kernels_bf16", "kernels_int", "integer_weights", "rounding"];
  const flags = ["-O3", "-std=c++17", "-DNDEBUG", "-DGGML_SHARED", "-Wno-psabi", "-ffp-contract=fast", "-pthread"];
  await execute(process.env.CXX || "c++", [
    ...flags,
    `-I${join(native, "src")}`,
    `-I${join(native, "build", headers, "ggml", "include")}`,
    join(import.meta.dirname, "products", "products.cpp"),
    ...sources.map((name) => join(native, "src", `${name}.cpp`)),
    "-o",
    program,
    `-L${libraries}`,
    "-lggml-base",
    `-l:${ggml}`,
    `-Wl,-rpath,${libraries}`,
  ]);
  return program;
}
