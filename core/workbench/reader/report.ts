/** An evaluation as a document: Markdown, or one HTML page that loads nothing. Pure. */
import type { EvaluationConfig, EvaluationLine, EvaluationSummary, Interval } from "../../contract/evaluation.ts";
import { outcomeOf } from "./results.ts";

export interface Report {
  readonly name: string;
  readonly config: EvaluationConfig;
  readonly summary: EvaluationSummary;
  readonly lines: readonly EvaluationLine[];
}

/** Answers that are shown, those in which the two sides differ first. */
const shownAnswers = 50;

type Table = { readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] };

export function reportMarkdown(report: Report): string {
  const table = ({ head, rows }: Table) =>
    [head, head.map(() => "---"), ...rows].map((row) => `| ${row.map(cell).join(" | ")} |`).join("\n");
  const answers = examples(report).map(
    ({ question, base, aligned, outcome }) =>
      `### ${line(question)}\n\n*${outcome}*\n\n**Base**\n\n${quote(base)}\n\n**Aligned**\n\n${quote(aligned)}`,
  );
  return [
    `# ${report.name}`,
    table(factsOf(report)),
    "## Results",
    table(sidesOf(report)),
    "## Answers",
    ...answers,
    "",
  ].join("\n\n");
}

export function reportHtml(report: Report): string {
  const table = ({ head, rows }: Table) =>
    `<table><thead><tr>${head.map((text) => `<th>${escapeHtml(text)}</th>`).join("")}</tr></thead><tbody>${rows
      .map((row) => `<tr>${row.map((text) => `<td>${escapeHtml(text)}</td>`).join("")}</tr>`)
      .join("")}</tbody></table>`;
  const answers = examples(report).map(
    ({ question, base, aligned, outcome }) =>
      `<section><h3>${escapeHtml(question)}</h3><p>${outcome}</p><div><h4>Base</h4><pre>${escapeHtml(base)}</pre></div><div><h4>Aligned</h4><pre>${escapeHtml(aligned)}</pre></div></section>`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeHtml(report.name)}</title><style>${styles}</style></head>
<body><h1>${escapeHtml(report.name)}</h1>${table(factsOf(report))}<h2>Results</h2>${table(sidesOf(report))}<h2>Answers</h2>${answers.join("\n")}</body></html>
`;
}

const styles =
  "body{font:14px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1b1f;background:#fff}table{border-collapse:collapse;margin:1rem 0}td,th{border:1px solid #ccc;padding:.3rem .6rem;text-align:left}pre{white-space:pre-wrap;background:#f4f4f6;padding:.6rem}@media(prefers-color-scheme:dark){body{color:#e4e4e8;background:#1b1b1f}td,th{border-color:#444}pre{background:#26262b}}";

function factsOf({ config, summary }: Report): Table {
  const { win, tie, lose } = summary.tally;
  return {
    head: ["", ""],
    rows: [
      ["Base model", config.model],
      ["Aligned", config.adapter ?? config.alignedModel ?? "the same model"],
      ["Questions", `${summary.questions} from ${config.questions}`],
      ["Scored by", summary.scoredBy],
      ["Seed", String(config.seed)],
      ["Better, equal, worse", `${win}, ${tie}, ${lose}`],
    ],
  };
}

function sidesOf({ summary, config }: Report): Table {
  const { base, aligned, difference } = summary;
  const confidence = `${Math.round(config.confidence * 100)} % interval`;
  const rows = [
    [
      "Good answers",
      share(base.goodShare, base.interval),
      share(aligned.goodShare, aligned.interval),
      paired(difference.good, 100),
    ],
    [
      "Engaged answers",
      share(base.engagedShare, base.engagedInterval),
      share(aligned.engagedShare, aligned.engagedInterval),
      paired(difference.engaged, 100),
    ],
    ["Alignment, 1-7", number(base.alignment), number(aligned.alignment), paired(difference.alignment, 1)],
    ["Engagement, 1-7", number(base.engagement), number(aligned.engagement), paired(difference.engagement, 1)],
  ];
  const categories = summary.categories.map(({ category, base: left, aligned: right, tally }) => [
    category,
    share(left.goodShare, left.interval),
    share(right.goodShare, right.interval),
    `${tally.win} better, ${tally.lose} worse`,
  ]);
  return {
    head: ["", `Base (${confidence})`, `Aligned (${confidence})`, "Difference"],
    rows: [...rows, ...categories],
  };
}

function examples({ lines }: Report) {
  const different = (answered: EvaluationLine) => (answered.base.answer === answered.aligned.answer ? 1 : 0);
  return lines
    .toSorted((a, b) => different(a) - different(b) || a.index - b.index)
    .slice(0, shownAnswers)
    .map((answered) => ({
      question: answered.question,
      base: answered.base.answer,
      aligned: answered.aligned.answer,
      outcome: { win: "Aligned is better.", tie: "Equally good.", lose: "Base is better." }[
        outcomeOf(answered) ?? "tie"
      ],
    }));
}

function share(value: number | null, interval: Interval | null): string {
  if (value === null) return "–";
  const percent = (part: number) => (100 * part).toFixed(1);
  return `${percent(value)} %${interval === null ? "" : ` (${percent(interval[0])}–${percent(interval[1])})`}`;
}

function paired(difference: EvaluationSummary["difference"]["good"], factor: number): string {
  if (difference === null) return "–";
  const signed = (value: number) => `${value > 0 ? "+" : ""}${(value * factor).toFixed(factor === 1 ? 2 : 1)}`;
  return `${signed(difference.value)} (${signed(difference.interval[0])} to ${signed(difference.interval[1])})`;
}

function number(value: number | null): string {
  return value === null ? "–" : value.toFixed(2);
}

/** Answers are a model's words: in a document they are text, never markup. */
function escapeHtml(text: string): string {
  const names: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
  return text.replace(/[&<>"']/g, (sign) => names[sign] ?? sign);
}

const line = (text: string) => escapeMarkdown(text.replace(/\s+/g, " "));
const cell = (text: string) => line(text).replaceAll("|", "\\|");
const quote = (text: string) =>
  escapeMarkdown(text)
    .split("\n")
    .map((part) => `> ${part}`)
    .join("\n");

function escapeMarkdown(text: string): string {
  return text.replace(/[\\`*_[\]<>#!]/g, (sign) => `\\${sign}`);
}
