/** The reader's thread for everybody else. */
import { entryBeside, startThread, type Thread } from "../../host/thread.ts";
import type { ReaderRouter } from "./readerThread.ts";

export type Reader = Thread<ReaderRouter>;
export type ReaderClient = Reader["client"];

export function openReader(): Reader {
  return startThread<ReaderRouter>(entryBeside(import.meta.url, "readerThread"));
}
