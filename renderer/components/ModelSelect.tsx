import { go, useRequest, useWorkbench } from "../app/hooks.ts";
import { formatParameters } from "../format/numbers.ts";
import { distinctNames, fileName } from "../format/paths.ts";
import { text } from "../text/en.ts";
import { Button } from "./Button.tsx";
import { SelectInput } from "./choices.tsx";

interface Common {
  readonly label: string;
  readonly explanation?: string;
  readonly problem?: string | undefined;
  readonly setting?: string;
}

/** A model of the library; one that is set but not in it stays choosable. */
export function ModelSelect(
  props: Common & {
    readonly value: string;
    readonly onChange: (path: string) => void;
    /** Only models that the trainer can train. */
    readonly trainable?: boolean;
    /** What no choice means; makes it a choice. */
    readonly none?: string;
  },
) {
  const { client } = useWorkbench();
  const { data } = useRequest(() => client.models.list(), []);
  const models = (data?.models ?? []).filter(
    ({ description }) => description !== null && (!props.trainable || description.trainable.possible),
  );
  const names = distinctNames(models);
  const known = models.some((model) => model.path === props.value);
  if (data !== null && models.length === 0 && props.value === "" && props.none === undefined)
    return (
      <div className="field" data-setting={props.setting}>
        <span className="field-label">{props.label}</span>
        <Button onPress={() => go("models")}>{text.models.addFirst}</Button>
        {props.problem === undefined ? null : <span className="field-problem">{props.problem}</span>}
      </div>
    );
  return (
    <SelectInput
      {...props}
      value={props.value === "" && props.none === undefined ? null : props.value}
      choices={[
        ...(props.none === undefined ? [] : [{ id: "", name: props.none }]),
        ...models.map((model) => ({
          id: model.path,
          name: names.get(model.path) ?? model.name,
          note: `${formatParameters(model.description?.parameters)} ${model.description?.quantization ?? ""}`,
        })),
        ...(known || props.value === "" ? [] : [{ id: props.value, name: fileName(props.value) }]),
      ]}
    />
  );
}

/** An adapter that fits the model, or none. */
export function AdapterSelect(
  props: Common & { readonly model: string; readonly value: string; readonly onChange: (path: string) => void },
) {
  const { client } = useWorkbench();
  const { data } = useRequest(() => client.models.list(), []);
  const adapters = (data?.adapters ?? []).filter((adapter) => adapter.base === props.model);
  const known = adapters.some((adapter) => adapter.path === props.value);
  return (
    <SelectInput
      {...props}
      choices={[
        { id: "", name: text.models.noAdapter },
        ...adapters.map((adapter) => ({
          id: adapter.path,
          name: adapter.name,
          ...(adapter.rank === null ? {} : { note: text.models.rank(adapter.rank) }),
        })),
        ...(known || props.value === "" ? [] : [{ id: props.value, name: fileName(props.value) }]),
      ]}
    />
  );
}
