/** Plain-text tables and wrapped text for a terminal. Pure; widths count characters. */

export interface Column {
  readonly title: string;
  readonly align?: "left" | "right";
}

/** Header, rule and rows; columns as wide as their widest cell, two spaces between. */
export function renderTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map((column, index) =>
    Math.max(length(column.title), ...rows.map((row) => length(row[index] ?? ""))),
  );
  const line = (cells: readonly string[]) =>
    columns
      .map((column, index) => pad(cells[index] ?? "", widths[index] ?? 0, column.align ?? "left"))
      .join("  ")
      .trimEnd();
  return [
    line(columns.map((column) => column.title)),
    widths.map((width) => "─".repeat(width)).join("  "),
    ...rows.map(line),
  ].join("\n");
}

/** Two columns, names left, values right of the longest name. */
export function renderPairs(pairs: readonly (readonly [string, string])[], indent = ""): string {
  const width = Math.max(...pairs.map(([name]) => length(name)));
  return pairs.map(([name, value]) => `${indent}${pad(name, width, "left")}  ${value}`.trimEnd()).join("\n");
}

/** Wraps at spaces to `width`; following lines are indented by `hang` spaces. Longer words stand alone. */
export function wrapText(text: string, width: number, hang = 0): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/).filter((part) => part !== "")) {
    const room = width - (lines.length === 0 ? 0 : hang);
    if (line !== "" && length(line) + 1 + length(word) > room) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  if (line !== "") lines.push(line);
  return lines.join(`\n${" ".repeat(hang)}`);
}

/** Cut to `width` characters with an ellipsis. */
export function clip(text: string, width: number): string {
  const characters = [...text];
  return characters.length <= width ? text : `${characters.slice(0, Math.max(0, width - 1)).join("")}…`;
}

function pad(text: string, width: number, align: "left" | "right"): string {
  const gap = " ".repeat(Math.max(0, width - length(text)));
  return align === "left" ? text + gap : gap + text;
}

function length(text: string): number {
  return [...text].length;
}
