/** Comma-separated values as RFC 4180 has them: quoted fields, doubled quotes, line breaks inside quotes. */

/** Rows of fields. Lines end with CR LF or LF; empty lines are skipped. Returns undefined for a quote left open. */
export function parseCsv(text: string): string[][] | undefined {
  const rows: string[][] = [];
  let row: string[] = [];
  let field = "";
  let quoted = false;
  const endField = () => {
    row.push(field);
    field = "";
  };
  const endRow = () => {
    endField();
    if (row.length > 1 || row[0] !== "") rows.push(row);
    row = [];
  };
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (quoted) {
      if (character !== '"') field += character;
      else if (text[i + 1] === '"') {
        field += '"';
        i++;
      } else quoted = false;
    } else if (character === '"' && field === "") quoted = true;
    else if (character === ",") endField();
    else if (character === "\n") endRow();
    else if (character !== "\r" || text[i + 1] !== "\n") field += character;
  }
  if (quoted) return undefined;
  endRow();
  return rows;
}
