/** For a row that another row's existence promises. */
export function need<Row>(row: Row | null, what: string): Row {
  if (row === null) throw new Error(`The store holds no ${what}, although another row names it`);
  return row;
}
