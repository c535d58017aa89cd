import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

/** `--name: #rrggbb` of a block of tokens.css. */
function tokens(theme: "dark" | "light"): Map<string, string> {
  const css = readFileSync(new URL("../../../renderer/styles/tokens.css", import.meta.url), "utf8");
  const block = css.match(new RegExp(`\\n:root\\[data-theme="${theme}"\\] \\{([\\s\\S]*?)\\n\\}`))?.[1] ?? "";
  return new Map([...block.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name = "", color = ""]) => [name, color]));
}

/** WCAG 2.2, relative luminance. */
function luminance(color: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return ((high ?? 0) + 0.05) / ((low ?? 0) + 0.05);
}

const surfaces = ["frame", "surface", "raised", "sunken", "hover", "selected"];
const texts = ["text", "text-2", "text-3"];
const meanings = [
  "question",
  "draft",
  "feedback",
  "revision",
  "base",
  "aligned",
  "danger",
  "warning",
  "success",
  "accent",
];

describe.each(["dark", "light"] as const)("%s colours", (theme) => {
  const colors = tokens(theme);
  const ratio = (a: string, b: string) => contrast(colors.get(a) ?? "", colors.get(b) ?? "");

  it.each(texts)("%s reads on every surface (4.5:1)", (text) => {
    for (const surface of surfaces) expect(ratio(text, surface), `${text} on ${surface}`).toBeGreaterThanOrEqual(4.5);
  });

  it.each(meanings)("%s reads as text on the surfaces that it stands on", (meaning) => {
    for (const surface of ["surface", "raised", "sunken"])
      expect(ratio(meaning, surface), `${meaning} on ${surface}`).toBeGreaterThanOrEqual(4.5);
  });

  it.each(["question", "draft", "feedback", "revision", "base", "aligned", "danger", "warning"])(
    "%s reads on its own soft ground",
    (meaning) => expect(ratio(meaning, `${meaning}-soft`)).toBeGreaterThanOrEqual(4.5),
  );

  it("numbers read on every step of the rating scale, as RatingChip and grid write them", () => {
    for (let rating = 1; rating <= 7; rating++)
      expect(
        ratio(`rating-${rating}`, rating <= 3 ? "on-rating-low" : "on-rating-high"),
        `rating ${rating}`,
      ).toBeGreaterThanOrEqual(4.5);
  });

  it("the rating scale rises in lightness, so that its order survives without hue", () => {
    const steps = [1, 2, 3, 4, 5, 6, 7].map((rating) => luminance(colors.get(`rating-${rating}`) ?? ""));
    for (const [index, step] of steps.entries())
      if (index > 0) expect(step).toBeGreaterThan((steps[index - 1] ?? 1) * 1.05);
  });

  it("buttons, borders of controls and the focus ring can be told from their ground (3:1)", () => {
    expect(ratio("text-on-accent", "accent")).toBeGreaterThanOrEqual(4.5);
    for (const surface of ["surface", "raised", "frame"]) expect(ratio("focus", surface)).toBeGreaterThanOrEqual(3);
    expect(ratio("control-line", "surface")).toBeGreaterThanOrEqual(3);
  });
});
