/** Which folder may import what; docs/architecture.md ("Folders") says why. */
import { posix } from "node:path";

export interface SourceFile {
  /** Relative to the repository root, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

interface Rule {
  readonly from: RegExp;
  /** Matched against the imported package, or the imported file's path from the root. */
  readonly never: RegExp;
  readonly except?: RegExp;
  readonly because: string;
}

const rules: readonly Rule[] = [
  {
    from: /^core\//,
    never: /^(electron($|[/-])|renderer\/|cli\/)/,
    because: "core runs without a window and without a terminal; faces import it, never the other way round",
  },
  {
    from: /^core\/contract\//,
    never: /^(core\/|node:)/,
    except: /^core\/contract\//,
    because: "the contract is loaded by the sandboxed page as well: it imports nothing but itself and schema packages",
  },
  {
    from: /^renderer\//,
    never: /^(core\/|cli\/|electron($|\/)|native\/|node:)/,
    except: /^core\/contract\//,
    because: "the page sees the contract and nothing else",
  },
  {
    from: /^electron\//,
    never: /^(renderer\/|cli\/)/,
    because: "the window shows the built page and knows the contract, never the page's sources or the terminal",
  },
  { from: /^cli\//, never: /^(electron($|\/)|renderer\/)/, because: "the terminal is a face of its own" },
  {
    from: /^core\/society\//,
    never: /^(node-llama-cpp|@node-llama-cpp\/|core\/models\/llama\/|core\/host\/|native\/)/,
    because: "the society is pure logic over the LanguageModel port and never knows a model runtime",
  },
  {
    from: /^core\/society\//,
    never: /^core\/(alignment|evaluation|exports)\//,
    because: "society and alignment meet only in interaction records",
  },
  {
    from: /^core\/alignment\//,
    never: /^core\/society\//,
    // The texts of the prompts are part of the records' meaning: data must be phrased as the society phrased it.
    except: /^core\/society\/prompts\.ts$/,
    because: "society and alignment meet only in interaction records",
  },
];

/** One sentence per import that stands where it may not; empty when all is well. */
export function dependencyViolations(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) =>
    importsOf(file).flatMap((target) =>
      rules
        .filter((rule) => rule.from.test(file.path) && rule.never.test(target) && !rule.except?.test(target))
        .map((rule) => `${file.path} imports ${target}: ${rule.because}. See docs/architecture.md.`),
    ),
  );
}

/** Static, dynamic and re-exporting imports and requires, relative ones as paths from the root. */
export function importsOf(file: SourceFile): string[] {
  const code = file.text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
  const pattern =
    /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire(?:\.resolve)?\s*\(\s*|\bnew URL\s*\(\s*)(["'`])([^"'`\n$]+)\1/g;
  return [...code.matchAll(pattern)].map(([, , specifier = ""]) =>
    specifier.startsWith(".") ? posix.normalize(posix.join(posix.dirname(file.path), specifier)) : specifier,
  );
}
