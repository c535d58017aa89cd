/** The last lines of what main and hosts said, for "Copy diagnostics". */

/** Lines kept. */
const keptLines = 200;
/** Characters kept of one line. */
const longestLine = 500;

export class RecentLog {
  private readonly kept: string[] = [];
  private readonly now: () => Date;

  constructor(now: () => Date = () => new Date()) {
    this.now = now;
  }

  /** @param source e.g. `main`, `security`, `engine` */
  add(source: string, text: string): void {
    const time = this.now().toISOString();
    for (const line of text.split("\n").filter((part) => part.trim() !== ""))
      this.kept.push(`${time} ${source}: ${line.slice(0, longestLine)}`);
    this.kept.splice(0, this.kept.length - keptLines);
  }

  lines(): readonly string[] {
    return this.kept;
  }
}

/** The home folder as `~`, in every spelling that JSON and URLs give it. */
export function withoutHome(text: string, home: string): string {
  const slashed = home.replaceAll("\\", "/");
  const spellings = [home, JSON.stringify(home).slice(1, -1), slashed, encodeURI(slashed)];
  return [...new Set(spellings)]
    .filter((spelling) => spelling.length > 1)
    .reduce((result, spelling) => result.replaceAll(spelling, "~"), text);
}
