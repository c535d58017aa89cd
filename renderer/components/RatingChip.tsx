import { formatDecimal, unknown } from "../format/numbers.ts";
import { text } from "../text/en.ts";
import "./RatingChip.css";

const scale = [1, 2, 3, 4, 5, 6, 7];

/** A rating on the 1-7 scale: the number always, a colour of the scale, and the place on the scale as ticks. */
export function RatingChip(props: {
  readonly rating: number | null;
  /** Names what was rated, for assistive technology. */
  readonly label?: string;
  /** Ticks beside the number. */
  readonly ticks?: boolean;
  /** Struck through: a person's correction stands beside it. */
  readonly replaced?: boolean;
}) {
  const { rating } = props;
  const place = rating === null ? null : Math.min(7, Math.max(1, Math.round(rating)));
  const shown = rating === null ? unknown : Number.isInteger(rating) ? String(rating) : formatDecimal(rating, 1);
  const spoken = `${props.label === undefined ? "" : `${props.label}: `}${rating === null ? text.rating.none : text.rating.of(shown)}`;
  return (
    <span className={`rating${props.replaced ? " replaced" : ""}`} role="img" aria-label={spoken} title={spoken}>
      <span
        className={`rating-number numeric${place === null ? " none" : place <= 3 ? " low" : " high"}`}
        {...(place === null ? {} : { style: { background: `var(--rating-${place})` } })}
      >
        {shown}
      </span>
      {props.ticks ? (
        <span className="rating-ticks" aria-hidden>
          {scale.map((tick) => (
            <i key={tick} className={place !== null && tick <= place ? "on" : ""} />
          ))}
        </span>
      ) : null}
    </span>
  );
}

/** The seven probabilities of a rating as bars, with the expected value. */
export function RatingProbabilities(props: {
  readonly probabilities: readonly number[];
  readonly expected: number | null;
  readonly label: string;
}) {
  const largest = Math.max(...props.probabilities, 1e-9);
  return (
    <span
      className="probabilities"
      role="img"
      aria-label={text.rating.probabilities(
        props.label,
        props.probabilities.map((p, index) => `${index + 1}: ${Math.round(p * 100)} %`).join(", "),
      )}
      title={props.probabilities.map((p, index) => `${index + 1}: ${(p * 100).toFixed(1)} %`).join("\n")}
    >
      {props.probabilities.map((p, index) => (
        <i
          // biome-ignore lint/suspicious/noArrayIndexKey: the index is the rating
          key={index}
          style={{ height: `${Math.max(6, (p / largest) * 100)}%`, background: `var(--rating-${index + 1})` }}
        />
      ))}
      {props.expected === null ? null : (
        <span className="fine numeric" aria-hidden>
          {text.rating.expected(formatDecimal(props.expected, 2))}
        </span>
      )}
    </span>
  );
}

/** after − before with sign; green up, red down, and an arrow so that it reads without colour. */
export function GainChip(props: { readonly gain: number | null }) {
  const { gain } = props;
  if (gain === null) return <span className="gain fine">{unknown}</span>;
  const kind = gain > 0 ? "up" : gain < 0 ? "down" : "same";
  const arrow = gain > 0 ? "▲" : gain < 0 ? "▼" : "=";
  return (
    <span className={`gain ${kind} numeric`}>
      <span aria-hidden>{arrow}</span> {formatDecimal(gain, Number.isInteger(gain) ? 0 : 1, true)}
    </span>
  );
}
