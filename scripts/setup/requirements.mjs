/**
 * What must be on the machine before anything can be built, and how to get what is missing.
 * Runs under any Node from 14 on, before npm has installed anything: no dependency, no new syntax.
 */
import { spawnSync } from "node:child_process";

export const oldestNode = 20;

/** @typedef {{ name: string, commands: string[], why: string, get: Record<string, string> }} Tool */

/** @type {Tool[]} */
export const buildTools = [
  {
    name: "git",
    commands: ["git"],
    why: "the headers of llama.cpp lie in a git bundle inside node-llama-cpp",
    get: {
      linux: "sudo apt-get install git   (Fedora: sudo dnf install git)",
      darwin: "xcode-select --install",
      win32: "winget install Git.Git",
    },
  },
  {
    name: "a C++ compiler",
    commands: process.env.CXX ? [process.env.CXX] : ["c++", "g++", "clang++", "cl"],
    why: "the trainer is a native addon",
    get: {
      linux: "sudo apt-get install g++   (Fedora: sudo dnf install gcc-c++)",
      darwin: "xcode-select --install",
      win32: 'winget install Microsoft.VisualStudio.2022.BuildTools, with "Desktop development with C++"',
    },
  },
  {
    name: "cmake",
    commands: ["cmake"],
    why: "it builds the native addon",
    get: {
      linux: "sudo apt-get install cmake   (Fedora: sudo dnf install cmake)",
      darwin: "brew install cmake",
      win32: "winget install Kitware.CMake",
    },
  },
];

/**
 * One sentence when `version` (e.g. `v18.19.0`) is too old to run Folkmoot's set-up, else null.
 * @param {string} version
 */
export function nodeProblem(version) {
  const major = Number(/^v?(\d+)/.exec(version)?.[1] ?? 0);
  if (major >= oldestNode) return null;
  return `Folkmoot needs Node ${oldestNode} or newer, and this is Node ${version}.\n  Get it from https://nodejs.org or your package manager, then run the command again.`;
}

/**
 * The tools of which no command answers.
 * @param {(command: string) => boolean} answers
 * @param {Tool[]} [tools]
 */
export function missingTools(answers, tools = buildTools) {
  return tools.filter((tool) => !tool.commands.some(answers));
}

/**
 * @param {Tool[]} tools
 * @param {string} platform
 */
export function describeMissing(tools, platform) {
  return tools
    .map((tool) => `${tool.name} is missing: ${tool.why}.\n  Get it: ${tool.get[platform] ?? tool.get.linux}`)
    .join("\n");
}

/**
 * True when the command can be started at all, whatever it answers.
 * @param {string} command
 */
export function commandAnswers(command) {
  return spawnSync(command, ["--version"], { stdio: "ignore" }).error === undefined;
}
