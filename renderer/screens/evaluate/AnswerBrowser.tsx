import { useMemo, useState } from "react";
import type { EvaluatedAnswer } from "../../../core/contract/evaluation.ts";
import { useWorkbench } from "../../app/hooks.ts";
import { CheckInput, Segmented, SelectInput } from "../../components/choices.tsx";
import { wordDiff } from "../../components/diff/wordDiff.ts";
import { Search } from "../../components/fields.tsx";
import { RatingChip } from "../../components/RatingChip.tsx";
import type { Column } from "../../components/table/DataTable.tsx";
import { PagedTable } from "../../components/table/PagedTable.tsx";
import { usePagedRows } from "../../components/table/usePagedRows.ts";
import type { AnswerRow, Outcome } from "../../contractTypes.ts";
import { formatCount } from "../../format/numbers.ts";
import { useSettled } from "../../forms/useSettingsForm.ts";
import { text } from "../../text/en.ts";

const words = text.evaluate.results;

/** Every pair of answers: only where they differ, by outcome, by category, by text; both whole below. */
export function AnswerBrowser(props: {
  readonly run: string;
  /** Rises while answers come. */
  readonly answered: number;
  readonly categories: readonly string[];
}) {
  const [onlyDifferent, setOnlyDifferent] = useState(false);
  const [outcome, setOutcome] = useState<Outcome | "all">("all");
  const [category, setCategory] = useState("");
  const [search, setSearch] = useState("");
  const settled = useSettled(search, 200);
  const question = {
    run: props.run,
    onlyDifferent,
    outcome: outcome === "all" ? null : outcome,
    category: category === "" ? null : category,
    text: settled,
  };
  const { client } = useWorkbench();
  const rows = usePagedRows(
    (page) => client.evaluation.results({ ...question, ...page }),
    [...Object.values(question), props.answered],
  );
  const [selected, setSelected] = useState<number | null>(null);
  const row = selected === null ? undefined : rows.row(selected);
  return (
    <section className="answers" aria-label={words.title}>
      <div className="row-filter">
        <Segmented
          bare
          label={words.outcome}
          value={outcome}
          onChange={setOutcome}
          choices={[
            { id: "all", name: words.allOutcomes },
            ...(["win", "tie", "lose"] as const).map((id) => ({ id, name: text.evaluate.summary[id] })),
          ]}
        />
        <CheckInput label={words.onlyDifferent} value={onlyDifferent} onChange={setOnlyDifferent} />
        {props.categories.length < 2 ? null : (
          <div className="filter-select">
            <SelectInput
              bare
              label={words.category}
              value={category}
              onChange={setCategory}
              choices={[{ id: "", name: words.allCategories }, ...props.categories.map((name) => ({ id: name, name }))]}
            />
          </div>
        )}
        <div className="row-search counted">
          <Search label={words.search} value={search} onChange={setSearch} />
          <span className="fine numeric">{rows.total === null ? "" : formatCount(rows.total)}</span>
        </div>
      </div>
      <div className="row-table">
        <PagedTable
          id="answers"
          label={words.title}
          columns={columns}
          rows={rows}
          selected={selected}
          onSelect={setSelected}
          none={words.none}
        />
      </div>
      <div className="answer-reader">
        {row === undefined ? <p className="quiet">{words.choose}</p> : <AnswerPair row={row} />}
      </div>
    </section>
  );
}

const columns: readonly Column<AnswerRow>[] = [
  { id: "index", name: words.number, minimum: 52, grow: 0, align: "end", cell: (row) => formatCount(row.index + 1) },
  { id: "question", name: words.question, minimum: 160, grow: 3, cell: (row) => <span>{row.question}</span> },
  {
    id: "base",
    name: words.base,
    minimum: 120,
    grow: 2,
    leaves: 2,
    cell: (row) => <span className="quiet">{row.base.answer}</span>,
  },
  {
    id: "aligned",
    name: words.aligned,
    minimum: 120,
    grow: 2,
    leaves: 1,
    cell: (row) => <span className="quiet">{row.aligned.answer}</span>,
  },
  {
    id: "outcome",
    name: words.outcome,
    minimum: 88,
    grow: 0,
    cell: (row) =>
      row.outcome === null ? (
        ""
      ) : (
        <span className={`outcome ${row.outcome}`}>{text.evaluate.summary[row.outcome]}</span>
      ),
  },
];

/** Both answers whole, what only one of them says marked in it. */
function AnswerPair({ row }: { readonly row: AnswerRow }) {
  const diff = useMemo(() => wordDiff(row.base.answer, row.aligned.answer), [row]);
  // Texts with little in common would be all marks.
  const marked = diff !== null && diff.keptShare >= 0.3 && diff.keptShare < 1 ? diff.pieces : null;
  return (
    <>
      <p className="answer-question selectable">
        {row.question} <span className="fine numeric">{words.seed(String(row.seed))}</span>
      </p>
      <div className="answer-pair">
        {(["base", "aligned"] as const).map((side) => (
          <section key={side} className={`answer ${side}`}>
            <header>
              <h3>{text.sides[side]}</h3>
              <AnswerMarks answer={row[side]} />
            </header>
            <p className="thread-text selectable">
              {marked === null
                ? row[side].answer
                : marked
                    .filter((piece) => piece.kind === "kept" || piece.kind === (side === "base" ? "removed" : "added"))
                    .map((piece, index) =>
                      // biome-ignore lint/suspicious/noArrayIndexKey: pieces have no other name
                      piece.kind === "kept" ? piece.text : <mark key={index}>{piece.text}</mark>,
                    )}
            </p>
          </section>
        ))}
      </div>
    </>
  );
}

function AnswerMarks({ answer }: { readonly answer: EvaluatedAnswer }) {
  return (
    <>
      {answer.good === null ? null : (
        <span className={`badge ${answer.good ? "good" : "bad"}`}>{answer.good ? words.good : words.notGood}</span>
      )}
      {answer.engaged ? <span className="badge">{words.engaged}</span> : null}
      {answer.judged === null ? null : (
        <RatingChip rating={answer.judged.alignment.rating} label={text.evaluate.summary.alignment} ticks />
      )}
      <span className="fine numeric">{words.tokens(formatCount(answer.completionTokens))}</span>
    </>
  );
}
