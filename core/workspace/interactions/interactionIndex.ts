/**
 * The index of a workspace's interactions: open, ask, annotate. Synchronous (SQLite is), so it lives in a thread of its
 * own; `indexThread.ts` has it for everybody else.
 */
import { existsSync, rmSync, statSync } from "node:fs";
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import type { AnnotationState, DialogueFilter, DialogueRow, DialogueSort } from "../../contract/workbench/dialogues.ts";
import { isCorrected } from "../annotations.ts";
import { type Condition, conditionOf, orderBy } from "./filterSql.ts";
import { openIndexFile } from "./schema.ts";

export interface IndexedRun {
  readonly key: string;
  readonly directory: string;
  /** Milliseconds since 1970; runs stand in this order. */
  readonly created: number;
}

export interface Located {
  readonly run: string;
  readonly id: string;
  readonly directory: string;
  /** Bytes of the record's line in interactions.jsonl. */
  readonly start: number;
  readonly size: number;
  readonly seconds: number | null;
  readonly completionTokens: number;
}

type Row = Record<string, string | number | null>;

export class InteractionIndex implements Disposable {
  readonly database: DatabaseSync;
  /** True when there was none that could be used, and everything must be read again. */
  readonly isFresh: boolean;
  private readonly statements = new Map<string, StatementSync>();
  private readonly totals = new Map<string, number>();
  /** Search whose rows stand in `matched`. */
  private matched: string | null = null;

  private constructor(database: DatabaseSync, isFresh: boolean) {
    this.database = database;
    this.isFresh = isFresh;
  }

  /** Opens the index in the file; one that is missing, older, newer or damaged is replaced by an empty one. */
  static open(path: string): InteractionIndex {
    try {
      const database = openIndexFile(path);
      if (database !== undefined) {
        if (isWhole(database, path)) return new InteractionIndex(database, false);
        database.close();
      }
    } catch {
      // Not a database, or one that cannot be read: it holds nothing that the journals do not.
    }
    removeIndexFile(path);
    const database = openIndexFile(path);
    if (database === undefined) throw new Error(`The index ${path} cannot be made.`);
    return new InteractionIndex(database, true);
  }

  runs(): { id: number; key: string; directory: string; bytes: number; events: number; tail: string }[] {
    return this.all("SELECT id, key, directory, bytes, events, tail FROM run ORDER BY created, key") as never;
  }

  query(filter: DialogueFilter, sort: DialogueSort, offset: number, limit: number) {
    const condition = this.prepare(filter);
    const ids = this.all(
      `SELECT interaction.id AS id FROM interaction WHERE ${condition.sql} ORDER BY ${orderBy(sort)} LIMIT ? OFFSET ?`,
      ...condition.values,
      limit,
      offset,
    ).map(({ id }) => id as number);
    return { total: this.count(condition), rows: this.rows(ids) };
  }

  /** Names of all under the filter, in order. */
  targets(filter: DialogueFilter, sort: DialogueSort): { run: string; id: string }[] {
    const { sql, values } = this.prepare(filter);
    return this.all(
      `SELECT run.key AS run, interaction.name AS id FROM interaction JOIN run ON run.id = interaction.run
       WHERE ${sql} ORDER BY ${orderBy(sort)}`,
      ...values,
    ) as never;
  }

  locate(run: string, id: string): Located | null {
    const found = this.get(
      `SELECT run.directory, start, size, seconds, tokens FROM interaction JOIN run ON run.id = interaction.run
       WHERE run.key = ? AND name = ?`,
      run,
      id,
    );
    if (found === undefined) return null;
    const { directory, start, size, seconds, tokens } = found;
    return { run, id, directory, start, size, seconds, completionTokens: tokens } as Located;
  }

  /** The filter as SQL, with the rows that its search finds in place. */
  prepare(filter: DialogueFilter): Condition {
    const condition = conditionOf(filter);
    const { match } = condition;
    if (match !== null && match !== this.matched) {
      this.database.exec("DELETE FROM matched");
      this.run("INSERT INTO matched SELECT rowid FROM words WHERE words MATCH ?", match);
      this.matched = match;
    }
    return condition;
  }

  private count(condition: Condition): number {
    const key = JSON.stringify([condition.sql, condition.values, condition.match]);
    const known = this.totals.get(key);
    if (known !== undefined) return known;
    const { n } = this.get(`SELECT count(*) AS n FROM interaction WHERE ${condition.sql}`, ...condition.values) as Row;
    if (this.totals.size > 64) this.totals.clear();
    this.totals.set(key, n as number);
    return n as number;
  }

  /** After anything was written. */
  changed(): void {
    this.totals.clear();
    this.matched = null;
  }

  /** Writes what a person says of interactions into their rows. */
  annotate(run: string, states: Iterable<readonly [id: string, state: AnnotationState]>): void {
    this.transaction(() => {
      for (const [id, state] of states) {
        const found = this.get(
          "SELECT interaction.id AS id FROM interaction JOIN run ON run.id = interaction.run WHERE run.key = ? AND name = ?",
          run,
          id,
        );
        if (found !== undefined) this.writeAnnotation(found.id as number, state);
      }
    });
    this.changed();
  }

  writeAnnotation(interaction: number, state: AnnotationState): void {
    this.run(
      "UPDATE interaction SET excluded = ?, corrected = ? WHERE id = ?",
      state.excluded ? 1 : 0,
      isCorrected(state) ? 1 : 0,
      interaction,
    );
    this.run("DELETE FROM tag WHERE interaction = ?", interaction);
    for (const tag of state.tags) this.run("INSERT INTO tag VALUES (?, ?)", interaction, tag);
  }

  transaction(work: () => void): void {
    this.database.exec("BEGIN");
    try {
      work();
      this.database.exec("COMMIT");
    } catch (error) {
      this.database.exec("ROLLBACK");
      throw error;
    }
  }

  get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.statement(sql).get(...values) as Row | undefined;
  }

  all(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.statement(sql).all(...values) as Row[];
  }

  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.statement(sql).run(...values).lastInsertRowid);
  }

  [Symbol.dispose](): void {
    this.database.close();
  }

  private statement(sql: string): StatementSync {
    const known = this.statements.get(sql);
    if (known !== undefined) return known;
    const prepared = this.database.prepare(sql);
    if (this.statements.size > 200) this.statements.clear();
    this.statements.set(sql, prepared);
    return prepared;
  }

  private rows(ids: readonly number[]): DialogueRow[] {
    const found = this.all(
      `SELECT interaction.*, run.key AS runKey, brief, draft, revision,
         (SELECT json_group_array(tag) FROM tag WHERE tag.interaction = interaction.id) AS tags
       FROM interaction JOIN run ON run.id = interaction.run JOIN excerpt ON excerpt.id = interaction.id
       WHERE interaction.id IN (SELECT value FROM json_each(?))`,
      JSON.stringify(ids),
    );
    const byId = new Map(found.map((row) => [row.id as number, row]));
    return ids.flatMap((id) => {
      const row = byId.get(id);
      return row === undefined ? [] : [rowOf(row)];
    });
  }
}

/** Looks at no page but the first: a page that is damaged shows when it is read, and then all of it is made anew. */
function isWhole(database: DatabaseSync, path: string): boolean {
  const pragma = (name: string) => Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
  return statSync(path).size >= pragma("page_count") * pragma("page_size") || existsSync(`${path}-wal`);
}

/** Whether SQLite says that the file is damaged or none of its own: SQLITE_CORRUPT, SQLITE_NOTADB. */
export function isDamage(error: unknown): boolean {
  const { code, errcode } = error as { code?: unknown; errcode?: unknown };
  return code === "ERR_SQLITE_ERROR" && typeof errcode === "number" && [11, 26].includes(errcode & 0xff);
}

export function removeIndexFile(path: string): void {
  for (const ending of ["", "-wal", "-shm"]) rmSync(path + ending, { force: true });
}

function rowOf(row: Row): DialogueRow {
  const { question } = JSON.parse(row.brief as string) as { question: string };
  return {
    run: row.runKey as string,
    id: row.name as string,
    round: row.round as number,
    agent: row.agent as number,
    label: row.good === 1 ? "good" : "bad",
    question,
    draft: row.draft as string,
    revision: row.revision as string,
    before: row.before as number | null,
    after: row.after as number | null,
    gain: row.gain as number | null,
    engagement: row.engagement as number | null,
    peers: row.peers as number,
    disagreement: row.disagreement as number | null,
    seconds: row.seconds as number | null,
    excluded: row.excluded === 1,
    corrected: row.corrected === 1,
    tags: (JSON.parse(row.tags as string) as string[]).sort(),
  };
}
