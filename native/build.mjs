/**
 * Builds native/build/folkmoot.node with plain cmake. Needs git, cmake and a C++ compiler; no network.
 * Headers come from the llama.cpp source bundle inside node-llama-cpp (the release its libraries were built from).
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const build = join(here, "build");
// By path: the packages' export maps hide their package.json.
const packageFolder = (name) => join(here, "..", "node_modules", name);

const llama = join(packageFolder("node-llama-cpp"), "llama");
const release = JSON.parse(readFileSync(join(llama, "binariesGithubRelease.json"), "utf8")).release;
const platform = { linux: "linux", darwin: "mac", win32: "win" }[process.platform];
const variant =
  process.platform === "darwin" && process.arch === "arm64" ? "mac-arm64-metal" : `${platform}-${process.arch}`;
const libraries = join(packageFolder(`@node-llama-cpp/${variant}`), "bins", variant);

needTool("git", "git is needed to unpack the llama.cpp headers: install git.");
needTool("cmake", "cmake is needed to build the addon: install cmake (3.18 or newer).");
mkdirSync(build, { recursive: true });
const headers = unpackHeaders();
run("cmake", [
  "-S",
  here,
  "-B",
  join(build, "cmake"),
  "-DCMAKE_BUILD_TYPE=Release",
  `-DNODE_API_INCLUDE=${join(packageFolder("node-api-headers"), "include")}`,
  `-DNODE_ADDON_API_INCLUDE=${packageFolder("node-addon-api")}`,
  `-DLLAMA_HEADERS=${headers}`,
  `-DGGML_LIBRARIES=${libraries}`,
  `-DGGML_RPATH=${relative(build, libraries).replaceAll("\\", "/")}`,
  `-DCMAKE_LIBRARY_OUTPUT_DIRECTORY=${build}`,
  `-DLLAMA_RELEASE=${release}`,
]);
run("cmake", ["--build", join(build, "cmake"), "--config", "Release", "--parallel"]);

/** Headers of exactly the release whose libraries are loaded, kept until the release changes. */
function unpackHeaders() {
  const target = join(build, `llama.cpp-${release}`);
  if (existsSync(join(target, "include", "llama.h"))) return target;
  const scratch = mkdtempSync(join(tmpdir(), "folkmoot-headers-"));
  try {
    run("git", ["clone", "--quiet", "--bare", join(llama, "gitRelease.bundle"), join(scratch, "bare")]);
    const archive = join(scratch, "headers.tar");
    run("git", ["-C", join(scratch, "bare"), "archive", "-o", archive, "HEAD", "ggml/include", "include"]);
    mkdirSync(target, { recursive: true });
    run("tar", ["-xf", archive, "-C", target]);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return target;
}

function needTool(name, sentence) {
  try {
    execFileSync(name, ["--version"], { stdio: "ignore" });
  } catch {
    console.error(sentence);
    process.exit(1);
  }
}

function run(command, args) {
  try {
    execFileSync(command, args, { stdio: ["ignore", "pipe", "pipe"], encoding: "utf8" });
  } catch (error) {
    console.error(`${error.stdout ?? ""}${error.stderr ?? error.message}`);
    console.error(`Building the native addon failed at \`${command}\`. A C++17 compiler and cmake are needed.`);
    process.exit(1);
  }
}
