// What was seen, as a table: a row for each case, a column for each gateway.
const seen = new Map();

/** Notes the outcome of a case; whatever it throws is noted and thrown on. */
export async function note(gateway, title, check) {
  if (!seen.has(title)) seen.set(title, new Map());
  seen.get(title).set(gateway, 'FAILED');
  seen.get(title).set(gateway, `ok ${(await check()) ?? ''}`.trim());
}

export function print(gateways) {
  const rows = [['', ...gateways]];
  for (const [title, cells] of seen) rows.push([title, ...gateways.map((name) => cells.get(name) ?? '-')]);
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const text = rows.map((row) => row.map((cell, n) => cell.padEnd(widths[n])).join('  ').trimEnd());
  console.log(`\n${text.join('\n')}\n`);
}
