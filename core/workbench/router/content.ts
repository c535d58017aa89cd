/** Dialogues and data. */
import { dataSettings } from "../../contract/alignment.ts";
import { parseSettings } from "../checkSettings.ts";
import { os } from "./implementer.ts";

export const contentRouter = {
  dialogues: {
    query: os.dialogues.query.handler(({ context, input }) => context.workbench.services.index.ask.query(input)),
    facets: os.dialogues.facets.handler(({ context, input }) => context.workbench.services.index.ask.facets(input)),
    get: os.dialogues.get.handler(({ context, input }) => context.workbench.dialogues.get(input)),
    getMany: os.dialogues.getMany.handler(({ context, input: { targets } }) =>
      context.workbench.dialogues.getMany(targets),
    ),
    annotate: os.dialogues.annotate.handler(({ context, input: { change, targets } }) =>
      context.workbench.dialogues.annotate(change, targets),
    ),
    tags: os.dialogues.tags.handler(({ context }) => context.workbench.services.index.ask.tags()),
    export: os.dialogues.export.handler(({ context, input: { filter, sort, path } }) =>
      context.workbench.dialogues.export(filter, sort, path),
    ),
  },
  data: {
    preview: os.data.preview.handler(({ context, input: { runs, settings, page } }) => {
      const { model, ...rows } = page;
      return context.workbench.data.preview(runs, parseSettings(dataSettings, settings ?? {}), rows, model);
    }),
    build: os.data.build.handler(({ context, input: { runs, settings, name } }) =>
      context.workbench.data.build(runs, parseSettings(dataSettings, settings ?? {}), name),
    ),
    list: os.data.list.handler(({ context }) => context.workbench.data.list()),
    rows: os.data.rows.handler(({ context, input: { id, model, ...page } }) =>
      context.workbench.data.rows(id, page, model),
    ),
    lengths: os.data.lengths.handler(({ context, input: { id, model, maxLength } }) =>
      context.workbench.data.lengths(id, model, maxLength),
    ),
    import: os.data.import.handler(({ context, input: { path, name } }) => context.workbench.data.import(path, name)),
    export: os.data.export.handler(({ context, input: { id, path, format } }) =>
      context.workbench.data.export(id, path, format),
    ),
    remove: os.data.remove.handler(({ context, input: { id } }) => context.workbench.data.remove(id)),
  },
};
