import { type ComponentProps, useState } from "react";
import { LongText } from "../components/fields.tsx";

/** Several texts, one a line. What is typed stays as it is until it is left; blank lines count for nothing. */
export function Lines({
  lines,
  onChange,
  ...rest
}: Omit<ComponentProps<typeof LongText>, "value" | "onChange"> & {
  readonly lines: readonly string[];
  readonly onChange: (lines: readonly string[]) => void;
}) {
  const [typed, setTyped] = useState<string | null>(null);
  const change = (next: string) => {
    setTyped(next);
    onChange(
      next
        .split("\n")
        .map((line) => line.trim())
        .filter((line) => line !== ""),
    );
  };
  return <LongText {...rest} value={typed ?? lines.join("\n")} onChange={change} onBlur={() => setTyped(null)} />;
}
