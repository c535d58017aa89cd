/** What the parts of the workbench share. */

import type { Annotations } from "../workspace/annotations.ts";
import type { WorkspaceIndex } from "../workspace/interactions/openIndex.ts";
import type { WorkspaceFolder } from "../workspace/workspaceFolder.ts";
import type { Catalog } from "./catalog.ts";
import type { Device } from "./device.ts";
import type { Gpus } from "./gpus.ts";
import type { JobQueue } from "./jobQueue.ts";
import type { Library } from "./library.ts";
import type { Reader } from "./reader/openReader.ts";
import type { RowCounts } from "./rowCounts.ts";
import type { UndoList } from "./undo.ts";

export interface Services {
  /** Name of this life of the service. */
  readonly epoch: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly workspace: WorkspaceFolder;
  readonly annotations: Annotations;
  readonly index: WorkspaceIndex;
  readonly reader: Reader;
  readonly device: Device;
  readonly gpus: Gpus;
  readonly rowCounts: RowCounts;
  readonly jobs: JobQueue;
  readonly catalog: Catalog;
  readonly library: Library;
  readonly undos: UndoList;
}
