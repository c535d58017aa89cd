/**
 * The index over interaction journals: one narrow row per interaction, its texts for search, excerpts for the list.
 * Nothing in it is a truth of its own: deleted, it is built again from journals and annotations.
 */
import { DatabaseSync } from "node:sqlite";

/** Raised whenever tables or what stands in them change; another number is built anew. */
export const indexVersion = 1;

const tables = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
-- bytes, events: how far interactions.jsonl and events.jsonl are read; tail: SHA-256 of the last line read.
CREATE TABLE run (
  id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, directory TEXT NOT NULL, created REAL NOT NULL,
  bytes INTEGER NOT NULL, events INTEGER NOT NULL, tail TEXT NOT NULL
);
CREATE TABLE interaction (
  id INTEGER PRIMARY KEY, run INTEGER NOT NULL, place INTEGER NOT NULL, name TEXT NOT NULL,
  round INTEGER NOT NULL, agent INTEGER NOT NULL, good INTEGER NOT NULL,
  before INTEGER, after INTEGER, gain INTEGER, engagement INTEGER,
  peers INTEGER NOT NULL, disagreement INTEGER, length INTEGER NOT NULL,
  unchanged INTEGER NOT NULL, recalled INTEGER NOT NULL, unparsed INTEGER NOT NULL,
  tokens INTEGER NOT NULL, seconds REAL,
  excluded INTEGER NOT NULL DEFAULT 0, corrected INTEGER NOT NULL DEFAULT 0,
  start INTEGER NOT NULL, size INTEGER NOT NULL
);
CREATE UNIQUE INDEX interaction_name ON interaction (run, name);
CREATE INDEX interaction_place ON interaction (run, place);
CREATE INDEX interaction_agent ON interaction (agent);
CREATE INDEX interaction_gain ON interaction (gain);
CREATE TABLE excerpt (id INTEGER PRIMARY KEY, brief TEXT NOT NULL, draft TEXT NOT NULL, revision TEXT NOT NULL);
CREATE TABLE tag (interaction INTEGER NOT NULL, tag TEXT NOT NULL, PRIMARY KEY (interaction, tag)) WITHOUT ROWID;
CREATE INDEX tag_name ON tag (tag);
CREATE VIRTUAL TABLE words USING fts5(
  question, draft, revision, feedback,
  content = '', contentless_delete = 1, detail = full, tokenize = 'unicode61 remove_diacritics 2'
);
`;

/** Opens or creates; undefined when the file is of another version or no database of ours. Throws what SQLite throws. */
export function openIndexFile(path: string): DatabaseSync | undefined {
  const database = new DatabaseSync(path, { timeout: 5000 });
  try {
    database.exec(
      `PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -65536;
       PRAGMA temp_store = MEMORY; CREATE TEMP TABLE matched (id INTEGER PRIMARY KEY);`,
    );
    const names = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
    if (names.length === 0) {
      database.exec(`BEGIN; ${tables} INSERT INTO meta VALUES ('version', '${indexVersion}'); COMMIT;`);
      return database;
    }
    const version = names.some(({ name }) => name === "meta")
      ? database.prepare("SELECT value FROM meta WHERE key = 'version'").get()?.value
      : undefined;
    if (version === String(indexVersion)) return database;
  } catch (error) {
    database.close();
    throw error;
  }
  database.close();
  return undefined;
}
